import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PauseRecorder } from './pauses.ts';
import { spawnOnCore } from './pinned-process.ts';

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 3_000;
const POLL_INTERVAL_MS = 20;
const OTLP_RECEIVER = fileURLToPath(new URL('otlp-receiver.ts', import.meta.url));
const PUBLIC_ADDRESS = /^(?!.*\badmin\b).*listening on (http\S+)/;
const ADMIN_ADDRESS = /\badmin listening on (http\S+)/;

export interface Server {
  readonly pid: number;
  readonly origin: string;
  /** Origin of the admin listener; never resolves for a server without one. */
  readonly admin: Promise<string>;
  readonly stop: () => Promise<void>;
  /** Set if the server records its pauses. */
  readonly pauses?: PauseRecorder;
}

/**
 * Starts a server and waits until it prints its address.
 * @throws Error if it exits first, or prints none in time
 */
export async function startServer(
  core: number,
  file: string,
  env: Readonly<Record<string, string>>,
  nodeOptions: readonly string[] = [],
): Promise<Server> {
  const args = [...nodeOptions, file];
  const child = spawnOnCore(core, process.execPath, args, env, ['ignore', 'pipe', 'inherit']);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const admin = originIn(lines, ADMIN_ADDRESS);
  const origin = await Promise.race([
    originIn(lines, PUBLIC_ADDRESS),
    once(child, 'exit').then(() => undefined),
    sleep(START_TIMEOUT_MS, undefined, { ref: false }),
  ]);
  if (!origin) {
    child.kill('SIGKILL');
    throw new Error('did not start');
  }
  return { pid: child.pid as number, origin, admin, stop: () => stop(child) };
}

let receiver: Promise<Server> | undefined;

/**
 * Starts a receiver of traces for the bench, once; it ends with the bench.
 * @returns its URL
 */
export async function startOtlpReceiver(core: number): Promise<string> {
  receiver ??= startServer(core, OTLP_RECEIVER, {});
  return (await receiver).origin;
}

/**
 * Starts a server whose output is discarded, and polls `/readyz` until it is ready.
 * @param port - the port that `env` makes it listen on
 * @throws Error if it exits first, or is not ready in time
 */
export async function startServerByPolling(
  core: number,
  file: string,
  env: Readonly<Record<string, string>>,
  port: number,
  nodeOptions: readonly string[] = [],
): Promise<Server> {
  const args = [...nodeOptions, file];
  const child = spawnOnCore(core, process.execPath, args, env, ['ignore', 'ignore', 'inherit']);
  const origin = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isReady(origin))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error('did not start');
    }
    await sleep(POLL_INTERVAL_MS);
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
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function originIn(lines: Interface, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      const address = pattern.exec(line)?.[1];
      if (address) resolve(new URL(address).origin);
    });
  });
}
