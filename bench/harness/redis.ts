import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../tools/free-port.ts';
import { spawnOnCore } from './pinned-process.ts';
import { scratchFolder } from './scratch.ts';

const START_TIMEOUT_MS = 5_000;
const POLL_INTERVAL_MS = 50;

let started: Promise<string> | undefined;

/**
 * Starts an in-memory Redis for the bench, once; it ends with the bench.
 * @returns its URL
 * @throws Error if redis-server is not installed
 */
export function startRedis(core: number): Promise<string> {
  started ??= spawnRedis(core);
  return started;
}

async function spawnRedis(core: number): Promise<string> {
  const port = await freePort();
  const listen = ['--bind', '127.0.0.1', '--port', String(port), '--dir', scratchFolder];
  const args = [...listen, '--save', '', '--appendonly', 'no'];
  const child = spawnOnCore(core, 'redis-server', args, {}, ['ignore', 'ignore', 'ignore']);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      throw new Error('redis-server is not installed, or does not start');
    }
    await sleep(POLL_INTERVAL_MS);
  }
  return `redis://127.0.0.1:${port}`;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
