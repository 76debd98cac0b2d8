import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Counts, Order } from '../upstream/main.ts';
import type { Delays } from '../upstream/routes.ts';
import { start } from './cores.ts';

const UPSTREAM = fileURLToPath(new URL('../upstream/main.ts', import.meta.url));
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 3_000;

export interface Server {
  readonly pid: number;
  readonly origin: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server and waits until it says where it listens.
 * @throws Error with what it printed if it ends or stays silent
 */
export async function startServer(
  core: number,
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<Server> {
  const child = start(core, process.execPath, [file], env, ['ignore', 'pipe', 'inherit']);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const origin = await Promise.race([
    originIn(lines),
    once(child, 'exit').then(() => undefined),
    sleep(START_LIMIT_MS, undefined, { ref: false }),
  ]);
  if (!origin || !child.pid) {
    child.kill('SIGKILL');
    throw new Error('did not start');
  }
  return {
    pid: child.pid,
    origin,
    async stop() {
      if (child.exitCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await gone;
      clearTimeout(timer);
    },
  };
}

function originIn(lines: Interface): Promise<string> {
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      const address = /listening on (http\S+)/.exec(line)?.[1];
      if (address) resolve(new URL(address).origin);
    });
  });
}

/** The stand-in for all services, in a process of its own. */
export async function startUpstream(core: number) {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const child = start(core, process.execPath, [UPSTREAM], {}, [...stdio]);
  const [urls] = (await once(child, 'message')) as [Readonly<Record<string, string>>];

  return {
    pid: child.pid as number,
    urls,
    /** Sets the delays, and starts counting anew. @returns calls of each route since the last time */
    async reset(delays: Delays): Promise<Counts> {
      child.send({ delays } satisfies Order);
      const [counts] = (await once(child, 'message')) as [Counts];
      return counts;
    },
  };
}

export type Upstream = Awaited<ReturnType<typeof startUpstream>>;
