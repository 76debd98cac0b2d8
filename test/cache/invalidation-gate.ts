import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/until.ts';

const TRAVELLING = ['content-type', 'idempotency-key', 'x-viewer'];

interface Hold {
  readonly path: RegExp;
  readonly gone: Promise<void>;
  count: number;
}

export type Gate = Awaited<ReturnType<typeof startGate>>;

/**
 * A proxy in front of one service: it keeps back answers that the service has made already, and puts
 * headers on them.
 */
export async function startGate() {
  let target = '';
  let headersFor: (path: string) => Record<string, string> = () => ({});
  const holds = new Set<Hold>();
  let left = 0;
  let lateMs = () => 0;

  async function pass(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url = '' } = request;
    const leaving = new AbortController();
    response.once('close', () => {
      leaving.abort();
      if (!response.writableFinished) left++;
    });
    const sent = await text(request);
    const headers = TRAVELLING.flatMap((name) => {
      const value = request.headers[name];
      return value === undefined ? [] : [[name, String(value)] as [string, string]];
    });
    const { signal } = leaving;
    const answer = await fetch(target + url, {
      method,
      headers,
      signal,
      ...(sent && { body: sent }),
    });
    const body = await answer.text();
    const hold = [...holds].find(({ path }) => path.test(url));
    if (hold) {
      hold.count++;
      await hold.gone;
    }
    const ms = lateMs();
    if (ms > 0) await sleep(ms);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...headersFor(url) });
    response.end(body);
  }
  const server = createServer((request, response) => {
    // What the service cuts off is cut off here as well.
    pass(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    to(origin: string | undefined) {
      target = origin ?? '';
    },
    /** Which headers are put on the answers from now on. */
    say(next: typeof headersFor) {
      headersFor = next;
    },
    /** How much later than they are made answers leave, in milliseconds. */
    delay(next: typeof lateMs) {
      lateMs = next;
    },
    /** How many were not waited for until they were there. */
    left: () => left,
    /** Keeps answers back until they are let go; requests go on to the service at once. */
    hold(path: RegExp) {
      const { promise: gone, resolve } = Promise.withResolvers<void>();
      const hold: Hold = { path, gone, count: 0 };
      holds.add(hold);
      return {
        count: () => hold.count,
        /** Resolves when so many answers are made, and kept back. */
        has: (count: number) => until(() => hold.count >= count),
        /** Those that are made from now on are not kept back; those that are stay. */
        end: () => void holds.delete(hold),
        letGo() {
          holds.delete(hold);
          resolve();
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
