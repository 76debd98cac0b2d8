import { performance } from 'node:perf_hooks';
import type { FastifyRequest } from 'fastify';

const MAX_RECENT = 500;

type LoggedRequest = {
  operation: string;
  method: string;
  url: string;
  /** Milliseconds since the epoch, with fractions; comparable between processes. */
  startedAt: number;
  /** Null until the response is complete or the client disconnects. */
  endedAt: number | null;
  /** The client disconnected before the response was complete. */
  aborted: boolean;
  headers: Record<string, string | string[] | undefined>;
};

export type RequestReport = {
  total: number;
  routes: Record<string, number>;
  recent: LoggedRequest[];
};

export function createRequestLog() {
  let total = 0;
  let routes: Record<string, number> = {};
  let recent: LoggedRequest[] = [];

  return {
    /** Counts a request and returns the function that ends it. */
    begin(operation: string, request: Pick<FastifyRequest, 'method' | 'url' | 'headers'>) {
      const { method, url } = request;
      const headers = { ...request.headers };
      const entry: LoggedRequest = {
        operation,
        method,
        url,
        startedAt: now(),
        endedAt: null,
        aborted: false,
        headers,
      };
      total += 1;
      routes[operation] = (routes[operation] ?? 0) + 1;
      recent.push(entry);
      if (recent.length > MAX_RECENT) recent.shift();
      return (aborted: boolean) => {
        entry.endedAt = now();
        entry.aborted = aborted;
      };
    },
    report: (): RequestReport => structuredClone({ total, routes, recent }),
    reset() {
      total = 0;
      routes = {};
      recent = [];
    },
  };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
