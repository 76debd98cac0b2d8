import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { createUpstream } from '../../src/upstream/upstream.ts';
import { createTestMetrics } from '../support/metrics.ts';
import { createCallers } from './controlled-upstream.ts';

type Options = Parameters<typeof createUpstream>[0];
type Handler = (request: IncomingMessage, response: ServerResponse, index: number) => void;

/** Starts an HTTP server on a free port. */
export async function startServer(handle: Handler) {
  let requests = 0;
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    handle(request, response, requests++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The number of requests so far. */
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Starts an HTTP server and an upstream in front of it, with some options changed. */
export async function startUpstream(handle: Handler, changed: Partial<Options> = {}) {
  await using started = new AsyncDisposableStack();
  const server = started.use(await startServer(handle));
  const callers = started.use(createCallers());
  const writes = { seen: 0 };
  const logged: { readonly level: number; readonly msg: string }[] = [];
  const stream = { write: (line: string) => void logged.push(JSON.parse(line)) };
  const upstream = createUpstream({
    name: 'library',
    urls: [new URL(server.origin)],
    dnsServers: [],
    viewerKey: undefined,
    attemptTimeoutMs: 30_000,
    writeTimeoutMs: 60_000,
    utilization: () => 0,
    writes,
    metrics: createTestMetrics().upstreams,
    log: pino({ level: 'info' }, stream),
    ...changed,
  });
  started.defer(() => upstream.close());
  const resources = started.move();
  return {
    upstream,
    writes,
    logged,
    callers,
    requests: server.requests,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
