import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { authorization, type Json } from '../support/environment.ts';
import { SERVICE_NAMES, startServices } from '../support/services.ts';
import { until } from '../support/until.ts';

/**
 * Answers each message with what only the process itself can tell; its memory without what was not
 * collected yet, which says more of the machine's haste than of what is held.
 */
const TELL = `process.on('message', () => {
  gc();
  process.send({ rss: process.memoryUsage().rss, polluted: {}.polluted ?? null });
})`;

/** Longer than any answer takes, so that what ends it is not the clock; a change that hangs takes it. */
const LONG_MS = '8000';
/** Long for an attempt that answers; one that hangs gets into the log when it is over. */
const ATTEMPT_MS = '2000';
/** Much longer than an answer takes, and much shorter than LONG_MS. */
const PATIENCE_MS = 20_000;

/**
 * The mobile BFF as a process, so that its log can be read and its memory is its own, in front of
 * three stand-in services, which are in this process.
 */
export async function startChild() {
  await using started = new AsyncDisposableStack();
  const { services, env: addresses } = started.use(await startServices(SERVICE_NAMES));
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      '--import',
      `data:text/javascript,${encodeURIComponent(TELL)}`,
      'bff-mobile/main.ts',
    ],
    {
      env: {
        ...process.env,
        MOBILE_PORT: '0',
        MOBILE_ADMIN_PORT: '0',
        CACHE_MEMORY_MB: '0',
        LOG_LEVEL: 'warn',
        REQUEST_DEADLINE_MS: LONG_MS,
        UPSTREAM_ATTEMPT_TIMEOUT_MS: ATTEMPT_MS,
        ...addresses,
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  const exited = once(child, 'exit');
  started.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const listening = () => /^mobile listening on (http:\S+)$/m.exec(output);
  await until(() => listening() !== null || child.exitCode !== null);
  const [, endpoint] = listening() ?? [];
  if (!endpoint) throw new Error(`mobile did not start: ${output}`);

  const rest = started.move();
  return {
    services,

    /** Asks as user `as`, and gives up when the answer is late. */
    async ask(query: string, as: string, headers: Record<string, string> = {}) {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(await authorization(as)), ...headers },
        body: JSON.stringify({ query }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const body: Json = await response.json();
      return { status: response.status, body, requestId: response.headers.get('x-request-id') };
    },

    /** The first entry of the log about a call on behalf of the request. */
    async logged(requestId: string | null): Promise<Json> {
      const find = () =>
        output
          .split('\n')
          .filter((line) => line.startsWith('{') && line.endsWith('}'))
          .map((line): Json => JSON.parse(line))
          .find(({ requests }) => requests?.includes(requestId));
      await until(() => find() !== undefined);
      return find();
    },

    async tell(): Promise<{ rss: number; polluted: unknown }> {
      const told = once(child, 'message');
      child.send('?');
      return (await told)[0];
    },

    /** @returns the exit code and the signal */
    async end(): Promise<unknown[]> {
      child.kill('SIGTERM');
      return exited;
    },

    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

export type Child = Awaited<ReturnType<typeof startChild>>;
