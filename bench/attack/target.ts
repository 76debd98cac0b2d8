import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PRELOADED, type Vitals } from '../../test/attack/vitals.ts';
import { start } from '../harness/cores.ts';

const LISTENING = /^(?!.*\badmin\b).*listening on (http\S+)/;
const START_LIMIT_MS = 15_000;

/** A server under attack, which tells how it does. */
export interface Target {
  readonly name: string;
  /** Where GraphQL is served. */
  readonly endpoint: string;
  /** How long its event loop stood still since the last time, at most, in milliseconds. */
  readonly lag: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server on one core, and waits until it says where it listens.
 * @param file - relative to this folder
 */
export async function startTarget(
  core: number,
  name: string,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Target> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const args = ['--expose-gc', '--import', PRELOADED, path];
  const child = start(core, process.execPath, args, env, ['ignore', 'pipe', 'inherit', 'ipc']);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const endpoint = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const address = LISTENING.exec(line)?.[1];
      if (address) resolve(address);
    });
    child.once('exit', () => reject(new Error(`${name} ended before it listened`)));
    AbortSignal.timeout(START_LIMIT_MS).onabort = () => reject(new Error(`${name} is silent`));
  });
  return {
    name,
    endpoint,
    async lag() {
      const told = once(child, 'message');
      child.send('lag');
      const [{ lagMs }] = (await told) as [Vitals];
      return lagMs;
    },
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
