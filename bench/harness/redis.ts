import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from './cores.ts';
import { freePort } from './free-port.ts';
import { scratchFolder } from './scratch.ts';

const START_LIMIT_MS = 5_000;
const ASK_AGAIN_MS = 50;

let started: Promise<string> | undefined;

/**
 * A Redis of the bench's own, in memory alone; it ends with the bench.
 * @returns its address
 * @throws Error if the machine has none
 */
export function startRedis(core: number): Promise<string> {
  started ??= run(core);
  return started;
}

async function run(core: number): Promise<string> {
  const port = await freePort();
  const where = ['--bind', '127.0.0.1', '--port', String(port), '--dir', scratchFolder];
  const args = [...where, '--save', '', '--appendonly', 'no'];
  const child = start(core, 'redis-server', args, {}, ['ignore', 'ignore', 'ignore']);
  const end = performance.now() + START_LIMIT_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || performance.now() > end) {
      throw new Error('redis-server is not installed, or does not start');
    }
    await sleep(ASK_AGAIN_MS);
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
