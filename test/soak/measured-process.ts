import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../tools/tree.ts';
import { COMPILE_CACHE } from '../support/bff-process.ts';
import { type Figures, type ProbeReport, readDescriptors } from './figures.ts';

const PROBE = new URL('./probe.ts', import.meta.url).href;
const START_TIMEOUT_MS = 30_000;
/** Lines of Pino at level error or fatal. */
const ERROR_LINE = /^\{"level":(50|60),/;
const MAX_ERROR_LINES = 5;

export interface MeasuredProcessOptions {
  /** The path of the file to run, absolute or from the root. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** Matches the line that the process prints when it is ready, with URLs as groups. */
  readonly ready: RegExp;
  /** URLs of modules to load besides the probe. */
  readonly preloads?: readonly string[];
  /** Called with every line of its log after that. */
  readonly onLine?: (line: string) => void;
}

export type MeasuredProcess = Awaited<ReturnType<typeof startMeasuredProcess>>;

/**
 * Starts a process that can be measured. `await using` kills it.
 * @throws Error with its output if it ends before it is ready
 */
export async function startMeasuredProcess(options: MeasuredProcessOptions) {
  const { file, env, ready, preloads = [], onLine = () => {} } = options;
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      // Otherwise V8 discards megabytes of unused code at some time, which hides growth.
      '--no-flush-bytecode',
      ...[PROBE, ...preloads].flatMap((url) => ['--import', url]),
      fileURLToPath(new URL(file, ROOT)),
    ],
    {
      cwd: ROOT,
      env: { PATH: process.env.PATH, ...COMPILE_CACHE, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const exited = once(child, 'exit');
  await using started = new AsyncDisposableStack();
  started.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const errors: string[] = [];
  const urls = await untilReady(child, ready, (line) => {
    if (ERROR_LINE.test(line) && errors.length < MAX_ERROR_LINES) errors.push(line);
    onLine(line);
  });
  const { pid = 0 } = child;
  const resources = started.move();

  async function request(message: unknown): Promise<unknown> {
    const reply = once(child, 'message');
    child.send(message as string);
    const ended = exited.then(([code, signal]) => {
      throw new Error(`${file} ended (${signal ?? code})`);
    });
    return (await Promise.race([reply, ended]))[0];
  }

  return {
    pid,
    urls,
    /** The first errors of its log. */
    errors: (): readonly string[] => errors,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    /** Sends a message, and waits for the reply. */
    request,
    async measure(): Promise<Figures> {
      const report = (await request('measure')) as ProbeReport;
      return { ...report, ...(await readDescriptors(pid)) };
    },
    /** Writes a heap snapshot, which Chromium's developer tools read. */
    writeSnapshot: (path: string) => request(`snapshot ${path}`),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** @returns the groups of the line that matches `ready` */
async function untilReady(
  child: ChildProcess,
  ready: RegExp,
  onLine: (line: string) => void,
): Promise<readonly string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
  let output: string | undefined = '';
  const timer = setTimeout(() => reject(new Error(`not ready: ${output}`)), START_TIMEOUT_MS);
  child.once('exit', () => reject(new Error(`ended before it was ready: ${output}`)));
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        onLine(line);
        if (output === undefined) continue;
        output += `${line}\n`;
        const match = ready.exec(line);
        if (!match) continue;
        output = undefined;
        resolve(match.slice(1));
      }
    });
  }
  return promise.finally(() => clearTimeout(timer));
}
