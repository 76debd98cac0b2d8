import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { CertificateFiles } from './certificates.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

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

interface RedisTls {
  readonly certificate: CertificateFiles;
  /** The path of the authority whose clients are accepted. */
  readonly ca: string;
  /** Also the one of this process, which waits until Redis responds. */
  readonly client: CertificateFiles;
}

/**
 * Starts a Redis server without persistence on a free port, which can be paused and killed. With `tls`
 * it requires certificates from its clients.
 */
export async function startRedis(tls?: RedisTls) {
  if (!isInstalled()) throw new Error(NOT_INSTALLED);
  const dir = await mkdtemp(join(tmpdir(), 'redis-'));
  const port = await freePort();
  let server = await spawnRedis(port, dir, tls);

  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };

  return {
    url: new URL(`${tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`),
    /** Stops it: its connections stay open, new ones are accepted, and nothing is answered. */
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    kill,
    /** Replaces it by an empty server on the same port. */
    async restart() {
      await kill();
      server = await spawnRedis(port, dir, tls);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function spawnRedis(port: number, dir: string, tls?: RedisTls) {
  const ports = tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)];
  const location = [...ports, ...(tls ? tlsOptions(tls) : []), '--bind', '127.0.0.1', '--dir', dir];
  const persistence = ['--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', [...location, ...persistence], { stdio: 'ignore' });
  // A test that is killed disposes of nothing.
  process.once('exit', () => server.kill('SIGKILL'));
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
    return String(reply).startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
