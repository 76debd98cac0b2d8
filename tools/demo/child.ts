import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Print = (name: string, text: string) => void;

export interface Child {
  readonly name: string;
  readonly pid: number | undefined;
  /** The URL that its log says it listens on. */
  readonly url: Promise<string>;
  /** The URL of the admin listener of a BFF. */
  readonly adminUrl: Promise<string>;
  /** A description of its exit, such as "exited (SIGKILL)"; with its output if it never listened. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
  /** Kills the process without waiting for it. */
  kill(): void;
}

const COMPILE_CACHE = new URL('../compile-cache.mjs', import.meta.url).href;
const EXIT_WITH_PARENT = new URL('./exit-with-parent.ts', import.meta.url).href;
const LISTENING = /\blistening on (https?:\/\/\S+)/;
const ADMIN_LISTENING = /\badmin listening on (https?:\/\/\S+)/;
/** In production, a BFF logs both URLs in one line of JSON. */
const JSON_LISTENING = /"url":"(https?:[^"]+)","adminUrl":"(https?:[^"]+)","msg":"listening"/;
/** The message of a BFF or a stand-in service about an invalid variable. */
const FAULT = /(?<=^ {2}|service can't start: )[A-Z][\w-]*: .+$/gm;
const STOP_TIMEOUT_MS = 5_000;

/** Starts one process and prints its output under its name. */
export function startChild(name: string, file: URL, env: NodeJS.ProcessEnv, print: Print): Child {
  const preloads = ['--import', COMPILE_CACHE, '--import', EXIT_WITH_PARENT];
  const process_ = spawn(process.execPath, [...preloads, fileURLToPath(file)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Not in the terminal's process group: Ctrl-C reaches only the demo, which then stops its children.
    detached: true,
  });
  const listening = Promise.withResolvers<string>();
  const adminListening = Promise.withResolvers<string>();
  // Buffered until it listens: `explainExit` summarises the output of a failed start.
  let buffered: string[] | undefined = [];

  function onLine(line: string) {
    const [, jsonUrl, jsonAdminUrl] = JSON_LISTENING.exec(line) ?? [];
    const adminUrl = jsonAdminUrl ?? ADMIN_LISTENING.exec(line)?.[1];
    if (adminUrl) adminListening.resolve(adminUrl);
    if (adminUrl && !jsonUrl) return;
    const url = buffered && (jsonUrl ?? LISTENING.exec(line)?.[1]);
    if (url) {
      for (const earlier of buffered ?? []) print(name, earlier);
      buffered = undefined;
      listening.resolve(url);
    } else if (buffered) buffered.push(line);
    else print(name, line);
  }
  for (const stream of [process_.stdout, process_.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLine);
  }

  return {
    name,
    pid: process_.pid,
    url: listening.promise,
    adminUrl: adminListening.promise,
    exited: once(process_, 'close').then(([code, signal]) => explainExit(buffered, signal ?? code)),
    stop: () => stop(process_),
    kill: () => void process_.kill('SIGKILL'),
  };
}

function explainExit(output: string[] | undefined, status: string | number): string {
  const exit = typeof status === 'number' ? `exited with code ${status}` : `exited (${status})`;
  if (!output) return exit;
  const faults = output.join('\n').match(FAULT);
  if (faults) return `can't start: ${faults.join('; ')}`;
  return [`${exit} before listening`, ...output].join('\n');
}

async function stop(process_: ChildProcess): Promise<void> {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  const exited = once(process_, 'exit');
  process_.kill('SIGTERM');
  const timer = setTimeout(() => process_.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
