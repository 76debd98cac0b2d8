import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Json } from '../support/environment.ts';

interface Changes {
  readonly status?: number;
  readonly contentType?: string;
  readonly body?: Json;
}

/** Starts a proxy in front of one service, with a function that changes its JSON responses. */
export async function startResponseProxy() {
  let origin = '';
  let change: (body: Json, path: string) => Changes = () => ({});

  async function forward(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url = '' } = request;
    const { 'idempotency-key': key = '', 'content-type': contentType = '' } = request.headers;
    const sent = await text(request);
    const headers = {
      ...(key && { 'idempotency-key': String(key) }),
      ...(contentType && { 'content-type': contentType }),
    };
    const received = await fetch(origin + url, { method, headers, ...(sent && { body: sent }) });
    const body: Json = await received.json();
    const changes = change(body, url);
    response.statusCode = changes.status ?? received.status;
    response.setHeader('content-type', changes.contentType ?? 'application/json');
    response.end(JSON.stringify(changes.body ?? body));
  }
  const server = createServer((request, response) => void forward(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forwardTo(next: string) {
      origin = next;
    },
    changeResponses(next: typeof change) {
      change = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
