import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';

const FORWARDED_HEADERS = ['content-type', 'idempotency-key', 'x-viewer'];

/**
 * The delay of a response. A busy BFF sends one call at a time of an operation that answers faster (see
 * src/upstream/concurrency-limit.ts): then the call after a held one would wait.
 */
const DEFAULT_DELAY_MS = 10;

interface Hold {
  readonly path: RegExp;
  readonly released: Promise<void>;
  count: number;
  closed: number;
  abandoned: number;
}

export type ResponseGate = Awaited<ReturnType<typeof startResponseGate>>;

/**
 * A proxy in front of one service. Requests reach the service immediately; the gate can hold back or
 * delay the responses, and add headers to them.
 */
export async function startResponseGate() {
  let target = '';
  let headersFor: (path: string) => Record<string, string> = () => ({});
  const holds = new Set<Hold>();
  let sent: string[] = [];
  let delayMs = () => DEFAULT_DELAY_MS;

  async function forward(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url = '' } = request;
    const closed = new AbortController();
    const hold = [...holds].find(({ path }) => path.test(url));
    response.once('close', () => {
      closed.abort();
      if (response.writableFinished) sent.push(url);
      if (!hold) return;
      hold.closed++;
      if (!response.writableFinished) hold.abandoned++;
    });
    const content = await text(request);
    const headers = FORWARDED_HEADERS.flatMap((name) => {
      const value = request.headers[name];
      return value === undefined ? [] : [[name, String(value)] as [string, string]];
    });
    const { signal } = closed;
    const answer = await fetch(target + url, {
      method,
      headers,
      signal,
      ...(content && { body: content }),
    });
    const body = await answer.text();
    const ms = delayMs();
    if (ms > 0) await sleep(ms);
    if (hold) {
      hold.count++;
      await hold.released;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...headersFor(url) });
    response.end(body);
  }
  const server = createServer((request, response) => {
    // A connection that the service cuts is cut here as well.
    forward(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forwardTo(origin: string | undefined) {
      target = origin ?? '';
    },
    /** Sets the headers that are added to all later responses. */
    setHeaders(next: typeof headersFor) {
      headersFor = next;
    },
    /** Sets the delay of all later responses, in milliseconds. */
    setDelay(next: typeof delayMs) {
      delayMs = next;
    },
    /** Resolves when a response for this path has been sent since the last reset. */
    hasSent: (path: RegExp) => until(() => sent.some((url) => path.test(url))),
    /** Holds responses back until they are released; requests still reach the service immediately. */
    hold(path: RegExp) {
      const { promise: released, resolve } = Promise.withResolvers<void>();
      const hold: Hold = { path, released, count: 0, closed: 0, abandoned: 0 };
      holds.add(hold);
      return {
        count: () => hold.count,
        /** Resolves when this many responses are held back. */
        reaches: (count: number) => until(() => hold.count >= count),
        /** The number of held responses whose requests the BFF abandoned. */
        abandonedCount: () => hold.abandoned,
        /** Lets later responses pass; those that are held back already stay so. */
        stopHolding: () => void holds.delete(hold),
        release() {
          holds.delete(hold);
          resolve();
        },
        /** Resolves when all held responses are sent or abandoned. */
        settled: () => until(() => hold.closed === hold.count),
      };
    },
    /** Removes holds and headers, and restores the default delay. */
    reset() {
      holds.clear();
      headersFor = () => ({});
      delayMs = () => DEFAULT_DELAY_MS;
      sent = [];
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
