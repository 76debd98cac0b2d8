import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from './cores.ts';

const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 3_000;
const ASK_AGAIN_MS = 20;
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
  if (!origin) {
    child.kill('SIGKILL');
    throw new Error('did not start');
  }
  return { pid: child.pid as number, origin, admin, stop: () => stop(child) };
}

/**
 * As startServer, with what it prints thrown away, so that it is asked whether it is ready.
 * @param port - where it was told to listen
 */
export async function startQuietServer(
  core: number,
  file: string,
  env: Readonly<Record<string, string>>,
  port: number,
): Promise<Server> {
  const child = start(core, process.execPath, [file], env, ['ignore', 'ignore', 'inherit']);
  const origin = `http://127.0.0.1:${port}`;
  const end = performance.now() + START_LIMIT_MS;
  while (!(await isReady(origin))) {
    if (child.exitCode !== null || performance.now() > end) {
      child.kill('SIGKILL');
      throw new Error('did not start');
    }
    await sleep(ASK_AGAIN_MS);
  }
  const never = new Promise<string>(() => {});
  return { pid: child.pid as number, origin, admin: never, stop: () => stop(child) };
}

const isReady = (origin: string): Promise<boolean> =>
  fetch(`${origin}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await gone;
  clearTimeout(timer);
}

function originIn(lines: Interface, said: RegExp): Promise<string> {
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      const address = said.exec(line)?.[1];
      if (address) resolve(new URL(address).origin);
    });
  });
}
