import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from '../upstream/main.ts';
import type { Delays } from '../upstream/routes.ts';
import { start } from './cores.ts';

const UPSTREAM = fileURLToPath(new URL('../upstream/main.ts', import.meta.url));
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 3_000;
const PUBLIC = /^(?!.*\badmin\b).*listening on (http\S+)/;
const ADMIN = /\badmin listening on (http\S+)/;

export interface Server {
  readonly pid: number;
  readonly origin: string;
  /** Of the private listener; never comes where there is none. */
  readonly admin: Promise<string>;
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
  const admin = originIn(lines, ADMIN);
  const origin = await Promise.race([
    originIn(lines, PUBLIC),
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
    admin,
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

function originIn(lines: Interface, said: RegExp): Promise<string> {
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      const address = said.exec(line)?.[1];
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
    /** Sets the delays, and starts counting anew. @returns what was since the last time */
    async reset(delays: Delays): Promise<Report> {
      child.send({ delays } satisfies Order);
      const [report] = (await once(child, 'message')) as [Report];
      return report;
    },
  };
}

export type Upstream = Awaited<ReturnType<typeof startUpstream>>;
