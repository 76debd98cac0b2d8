import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { BffDefinition } from '../../src/bff.ts';
import type { UpstreamTable } from '../../src/datasources/upstreams.ts';
import { bundleProgram, LIBRARY_MAIN } from '../../tools/build/program-bundle.ts';
import { ROOT } from '../../tools/tree.ts';
import type { Json, ServicesOf } from './environment.ts';
import { library } from './fixture/bff.ts';
import { startServices } from './services.ts';
import { until } from './until.ts';

/** The URL of a module with this code, for `preload`. */
export const toModuleUrl = (code: string): string =>
  `data:text/javascript,${encodeURIComponent(code)}`;

/** Plain text in development, JSON in production. */
const LISTENING = /(?:^\w+ listening on |"url":")(https?:[^\s"]+)/m;
const ADMIN_LISTENING = /(?:^\w+ admin listening on |"adminUrl":")(https?:[^\s"]+)/m;

/** The compile cache of this process, with which others start sooner. */
export const COMPILE_CACHE: Record<string, string> = process.env.NODE_COMPILE_CACHE
  ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }
  : {};

export interface BffProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** The URL of a module that runs in the process before the server, such as a listener for messages. */
  readonly preload?: string;
  /** A shell command that runs before Node in the same process, such as `ulimit -n 64`. */
  readonly shell?: string;
}

/**
 * Starts a BFF as a process of its own, in front of stand-in services in this process, so that its log
 * can be read, its memory measured and its end observed. `await using` kills it.
 * @throws Error with the output of the process if it ends before it listens
 */
export async function startBffProcess<U extends UpstreamTable>(
  { name, upstreams }: BffDefinition<U>,
  { env = {}, preload, shell }: BffProcessOptions = {},
) {
  await using started = new AsyncDisposableStack();
  const names = Object.keys(upstreams) as ServicesOf<U>[];
  const { services, env: addresses } = started.use(await startServices(names));
  const prefix = name.toUpperCase();
  const main = await bundleProgram(name === library.name ? LIBRARY_MAIN : `bff-${name}/main.ts`);
  const imports = preload ? ['--import', preload] : [];
  const node = [process.execPath, '--expose-gc', ...imports, main];
  const [file = '', ...args] = shell ? ['sh', '-c', `${shell}; exec "$0" "$@"`, ...node] : node;
  const child = spawn(file, args, {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      ...COMPILE_CACHE,
      [`${prefix}_PORT`]: '0',
      [`${prefix}_ADMIN_PORT`]: '0',
      ...addresses,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  started.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let output = '';
  const entries: Json[] = [];
  let parsedLength = 0;
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const isListening = () => ADMIN_LISTENING.test(output);
  await until(() => isListening() || !isAlive());
  if (!isListening()) throw new Error(`${name} did not start: ${output}`);
  const [, endpoint = ''] = LISTENING.exec(output) ?? [];
  const [, adminUrl = ''] = ADMIN_LISTENING.exec(output) ?? [];

  const resources = started.move();
  return {
    services,
    endpoint,
    url: new URL(endpoint).origin,
    adminUrl,
    pid: child.pid,
    isAlive,

    /** The lines that the process has written. */
    lines: () => output.split('\n').slice(0, -1),

    /** The entries of the log. Parses only what is new, because tests poll it. */
    logEntries(): Json[] {
      const end = output.lastIndexOf('\n') + 1;
      const lines = output.slice(parsedLength, end).split('\n');
      parsedLength = end;
      entries.push(...lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)));
      return entries;
    },

    /** Sends a message to the preloaded code. */
    send: (message: string) => void child.send(message),

    /** Sends a message to the preloaded code, and waits for the reply. */
    async request(message: string): Promise<Json> {
      const reply = once(child, 'message');
      child.send(message);
      return (await reply)[0];
    },

    kill: (signal: NodeJS.Signals) => void child.kill(signal),

    /** Waits for the end of the process. */
    ended: (): Promise<[code: number | null, signal: NodeJS.Signals | null]> =>
      exited.then(([code, signal]) => [code, signal]),

    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/**
 * Starts the library as a process with this environment, and waits for its end.
 * @param preload - the URL of a module that runs before the server
 */
export async function runLibrary(env: NodeJS.ProcessEnv, preload?: string) {
  const args = [...(preload ? ['--import', preload] : []), await bundleProgram(LIBRARY_MAIN)];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, code };
}
