import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { METRICS_PRELOAD, type ProcessMetrics } from '../../test/attack/process-metrics.ts';
import { spawnOnCore } from '../harness/pinned-process.ts';

const PUBLIC_ADDRESS = /^(?!.*\badmin\b).*listening on (http\S+)/;
const START_TIMEOUT_MS = 15_000;

/** A server under attack that reports the lag of its event loop. */
export interface Target {
  readonly name: string;
  /** URL of the GraphQL endpoint. */
  readonly endpoint: string;
  /** Takes the longest event-loop delay since the previous call, in milliseconds. */
  readonly takeLagMs: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server on one core and waits until it prints its address.
 * @param file - relative to this folder
 * @throws Error if it exits first, or prints none in time
 */
export async function startTarget(
  core: number,
  name: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Target> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const args = ['--expose-gc', '--import', METRICS_PRELOAD, path];
  const child = spawnOnCore(core, process.execPath, args, env, [
    'ignore',
    'pipe',
    'inherit',
    'ipc',
  ]);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const endpoint = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const address = PUBLIC_ADDRESS.exec(line)?.[1];
      if (address) resolve(address);
    });
    child.once('exit', () => reject(new Error(`${name} exited before it was ready`)));
    AbortSignal.timeout(START_TIMEOUT_MS).onabort = () =>
      reject(new Error(`${name} printed no address within ${START_TIMEOUT_MS / 1_000} s`));
  });
  return {
    name,
    endpoint,
    async takeLagMs() {
      const message = once(child, 'message');
      child.send('lag');
      const [{ lagMs }] = (await message) as [ProcessMetrics];
      return lagMs;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
