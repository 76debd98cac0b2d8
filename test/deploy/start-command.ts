import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../support/until.ts';

interface CommandOptions {
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  /** For programs that start processes of their own, which end and pause with them. */
  readonly detached?: boolean;
  /** The complete environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** Asks `/readyz` if it is not given. */
  readonly isReady?: () => boolean | Promise<boolean>;
}

/**
 * Starts a command line, such as `node web.mjs`, and waits until it is ready at its URL. `await using`
 * kills it.
 * @throws Error with the output of the process if it ends before
 */
export async function startCommand(
  [file = '', ...args]: readonly string[],
  { url, isReady = () => responds(new URL('/readyz', url)), ...options }: CommandOptions,
) {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  function signal(name: NodeJS.Signals): void {
    if (!isAlive()) return;
    if (options.detached && child.pid !== undefined) process.kill(-child.pid, name);
    else child.kill(name);
  }
  // A test that is killed disposes of nothing.
  const killNow = () => signal('SIGKILL');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const kill = async () => {
    signal('SIGKILL');
    await exited;
  };
  try {
    await until(async () => !isAlive() || (await isReady()));
    if (!isAlive()) throw new Error(`${file} ${args.join(' ')} ended: ${output}`);
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    url,
    pid: child.pid as number,
    output: () => output,
    kill,
    /** Stops it: its connections stay open, new ones are accepted, and nothing is answered. */
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    /** Sends SIGTERM, and waits for the end. */
    async terminate() {
      const start = performance.now();
      child.kill('SIGTERM');
      const [code] = await exited;
      return { code, durationMs: performance.now() - start };
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** True if there is a response, with this status. */
export const responds = (url: string | URL, status = 200): Promise<boolean> =>
  fetch(url).then(
    (response) => response.status === status,
    () => false,
  );
