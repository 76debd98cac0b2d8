import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

const HOW_TO_GET_IT = 'redis-server is not installed: apt-get install redis-server';

/**
 * For the options of a test: why it is skipped where there is no Redis, or false. With CI=true nothing
 * is skipped, so that a missing server fails the tests.
 */
export const skipWithoutRedis: string | false =
  isInstalled() || process.env.CI === 'true' ? false : HOW_TO_GET_IT;

function isInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A real Redis on a port of 127.0.0.1, which keeps nothing, and can be ill-treated. */
export async function startRedis() {
  if (!isInstalled()) throw new Error(HOW_TO_GET_IT);
  const dir = await mkdtemp(join(tmpdir(), 'redis-'));
  const port = await freePort();
  let server = await spawnRedis(port, dir);

  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };

  return {
    url: new URL(`redis://127.0.0.1:${port}`),
    /** It keeps its connections, takes new ones, and says nothing. */
    pause: () => server.kill('SIGSTOP'),
    resume: () => server.kill('SIGCONT'),
    kill,
    /** An empty one in place of the one that was killed. */
    async restart() {
      await kill();
      server = await spawnRedis(port, dir);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function spawnRedis(port: number, dir: string) {
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir];
  const keepNothing = ['--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', [...where, ...keepNothing], { stdio: 'ignore' });
  // A test that is ended by force disposes of nothing.
  process.once('exit', () => server.kill('SIGKILL'));
  try {
    await until(() => {
      if (server.exitCode !== null) throw new Error('redis-server does not start');
      return answers(port);
    });
    return server;
  } catch (error) {
    server.kill('SIGKILL');
    throw error;
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write('PING\r\n');
    const [reply] = await once(socket, 'data');
    return String(reply).startsWith('+PONG');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Redis does not say which port it took for 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('not a port');
  return address.port;
}
