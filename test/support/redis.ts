import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { freePort } from '../../tools/free-port.ts';
import type { CertificateFiles } from './certificates.ts';
import { until } from './until.ts';

const CONFIG_FILE = 'redis.conf';
const NO_PERSISTENCE = ['--save', '', '--appendonly', 'no'];
const NOT_INSTALLED = 'redis-server is not installed: apt-get install redis-server';

/**
 * The `skip` option of tests that need Redis: a reason if it is not installed, or false. With CI=true
 * nothing is skipped, so that a missing server fails the tests.
 */
export const skipWithoutRedis: string | false =
  isInstalled() || process.env.CI === 'true' ? false : NOT_INSTALLED;

function isInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface RedisTls {
  readonly certificate: CertificateFiles;
  /** The path of the authority whose clients are accepted. */
  readonly ca: string;
  /** Also the one of this process, which waits until Redis responds. */
  readonly client: CertificateFiles;
}

/** A test that is killed disposes of nothing. */
const servers = new Set<ChildProcess>();
process.once('exit', () => {
  for (const server of servers) server.kill('SIGKILL');
});

interface RedisOptions {
  /** Requires certificates from its clients. */
  readonly tls?: RedisTls | undefined;
  /** More options of redis-server. */
  readonly args?: readonly string[];
  /** A configuration file that the server may change. */
  readonly config?: string;
}

/** Starts a Redis server without persistence on a free port, which can be paused and killed. */
export async function startRedis({ tls, args = [], config }: RedisOptions = {}) {
  if (!isInstalled()) throw new Error(NOT_INSTALLED);
  const dir = await mkdtemp(join(tmpdir(), 'redis-'));
  const port = await freePort();
  if (config !== undefined) await writeFile(join(dir, CONFIG_FILE), config);
  const start = () =>
    spawnRedis(port, tls, [
      ...(config === undefined ? [] : [join(dir, CONFIG_FILE)]),
      '--dir',
      dir,
      ...args,
    ]);
  let server = await start();

  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };

  return {
    port,
    url: new URL(`${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`),
    /** Stops it: its connections stay open, new ones are accepted, and nothing is answered. */
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    kill,
    /** Replaces it by an empty server on the same port. */
    async restart() {
      await kill();
      server = await start();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function spawnRedis(port: number, tls: RedisTls | undefined, args: readonly string[]) {
  const ports = tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)];
  const listen = [...ports, ...(tls ? tlsOptions(tls) : []), '--bind', '127.0.0.1'];
  const server = spawn('redis-server', [...args, ...listen, ...NO_PERSISTENCE], {
    stdio: 'ignore',
  });
  servers.add(server);
  server.once('exit', () => servers.delete(server));
  try {
    await until(() => {
      if (server.exitCode !== null) throw new Error('redis-server does not start');
      return respondsToPing(port, tls);
    });
    return server;
  } catch (error) {
    server.kill('SIGKILL');
    throw error;
  }
}

const tlsOptions = ({ certificate, ca }: RedisTls): string[] => [
  '--tls-cert-file',
  certificate.cert,
  '--tls-key-file',
  certificate.key,
  '--tls-ca-cert-file',
  ca,
  '--tls-auth-clients',
  'yes',
];

function connectTo(port: number, tls?: RedisTls) {
  if (!tls) return connect(port, '127.0.0.1');
  const [cert, key] = [readFileSync(tls.client.cert), readFileSync(tls.client.key)];
  return connectTls({ host: '127.0.0.1', port, cert, key, rejectUnauthorized: false });
}

async function respondsToPing(port: number, tls?: RedisTls): Promise<boolean> {
  const socket = connectTo(port, tls);
  try {
    await once(socket, tls ? 'secureConnect' : 'connect');
    socket.write('PING\r\n');
    const [reply] = await once(socket, 'data');
    return /^(\+PONG|-NOAUTH)/.test(String(reply));
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
