import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Say = (name: string, text: string) => void;

export interface Child {
  readonly name: string;
  readonly pid: number | undefined;
  /** The address that it says it listens on. */
  readonly url: Promise<string>;
  /** The one of a BFF's listener for operators and services. */
  readonly adminUrl: Promise<string>;
  /** How it ended, in words, such as "ended (SIGKILL)"; with what it last said, if it never listened. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

const COMPILE_CACHE = new URL('../compile-cache.mjs', import.meta.url).href;
const TIED = new URL('./tied.ts', import.meta.url).href;
const LISTENING = /\blistening on (https?:\/\/\S+)/;
const ADMIN_LISTENING = /\badmin listening on (https?:\/\/\S+)/;
/** In production a BFF logs both addresses in one line of JSON. */
const LOGGED = /"url":"(https?:[^"]+)","adminUrl":"(https?:[^"]+)","msg":"listening"/;
/** What a BFF and a stand-in service say of a variable that is wrong. */
const FAULT = /(?<=^ {2}|service cannot start: )[A-Z][\w-]*: .+$/gm;
const STOP_LIMIT_MS = 5_000;

/** Starts one process, and says what it says under its name. */
export function startChild(name: string, file: URL, env: NodeJS.ProcessEnv, say: Say): Child {
  const preloaded = ['--import', COMPILE_CACHE, '--import', TIED];
  const process_ = spawn(process.execPath, [...preloaded, fileURLToPath(file)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Out of the terminal's group: Ctrl-C reaches the demo alone, which then ends all in order.
    detached: true,
  });
  const listening = Promise.withResolvers<string>();
  const adminListening = Promise.withResolvers<string>();
  // Held back until it listens, because the reason of a failed start is said in better words.
  let held: string[] | undefined = [];

  function onLine(line: string) {
    const [, loggedUrl, loggedAdminUrl] = LOGGED.exec(line) ?? [];
    const adminUrl = loggedAdminUrl ?? ADMIN_LISTENING.exec(line)?.[1];
    if (adminUrl) adminListening.resolve(adminUrl);
    if (adminUrl && !loggedUrl) return;
    const url = held && (loggedUrl ?? LISTENING.exec(line)?.[1]);
    if (url) {
      for (const earlier of held ?? []) say(name, earlier);
      held = undefined;
      listening.resolve(url);
    } else if (held) held.push(line);
    else say(name, line);
  }
  for (const stream of [process_.stdout, process_.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLine);
  }

  return {
    name,
    pid: process_.pid,
    url: listening.promise,
    adminUrl: adminListening.promise,
    ended: once(process_, 'close').then(([code, signal]) => explainEnd(held, signal ?? code)),
    stop: () => stop(process_),
    kill: () => void process_.kill('SIGKILL'),
  };
}

function explainEnd(held: string[] | undefined, status: string | number): string {
  const how = typeof status === 'number' ? `ended with code ${status}` : `ended (${status})`;
  if (!held) return how;
  const faults = held.join('\n').match(FAULT);
  if (faults) return `can't start: ${faults.join('; ')}`;
  return [`${how} before it listened`, ...held].join('\n');
}

async function stop(process_: ChildProcess): Promise<void> {
  if (process_.exitCode !== null || process_.signalCode !== null) return;
  const ended = once(process_, 'exit');
  process_.kill('SIGTERM');
  const timer = setTimeout(() => process_.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
