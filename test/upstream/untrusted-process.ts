import { startBffProcess, toModuleUrl } from '../support/bff-process.ts';
import { authorization, type Json } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { until } from '../support/until.ts';

/**
 * Replies to each message with what only the process itself knows: its memory after a garbage
 * collection, and a property that a polluted prototype would have.
 */
const REPORT = `process.on('message', () => {
  gc();
  process.send({ rss: process.memoryUsage().rss, polluted: {}.polluted ?? null });
})`;

/** Longer than any response takes, so that no deadline ends a test; a mutation that hangs takes as long. */
const DEADLINE_MS = '5000';
/** The maximum time of an attempt that hangs, which is logged when it is over. */
const ATTEMPT_TIMEOUT_MS = '2000';
const CLIENT_TIMEOUT_MS = 20_000;

/** Starts the library BFF as a process, without a cache, in front of services that can send anything. */
export async function startUntrusted() {
  const bff = await startBffProcess(library, {
    env: {
      CACHE_MEMORY_MB: '0',
      LOG_LEVEL: 'warn',
      REQUEST_DEADLINE_MS: DEADLINE_MS,
      UPSTREAM_ATTEMPT_TIMEOUT_MS: ATTEMPT_TIMEOUT_MS,
    },
    preload: toModuleUrl(REPORT),
  });
  return {
    ...bff,

    async send(query: string, as: string, headers: Record<string, string> = {}) {
      const response = await fetch(bff.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(await authorization(as)), ...headers },
        body: JSON.stringify({ query }),
        signal: AbortSignal.timeout(CLIENT_TIMEOUT_MS),
      });
      const body: Json = await response.json();
      return { status: response.status, body, requestId: response.headers.get('x-request-id') };
    },

    /** The first log entry about a call on behalf of the request. */
    async logEntryOf(requestId: string | null): Promise<Json> {
      const find = () => bff.logEntries().find(({ requests }) => requests?.includes(requestId));
      await until(() => find() !== undefined);
      return find();
    },

    report: (): Promise<{ rss: number; polluted: unknown }> => bff.request('report'),

    /** @returns the exit code and the signal */
    async end() {
      bff.kill('SIGTERM');
      return bff.ended();
    },
  };
}

export type Untrusted = Awaited<ReturnType<typeof startUntrusted>>;
