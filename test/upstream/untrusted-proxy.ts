import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Json } from '../support/environment.ts';

interface Spoilt {
  readonly status?: number;
  /** Of the answer; JSON's unless given. */
  readonly type?: string;
  readonly body?: Json;
}

/** A proxy of one service, whose answers `spoil` changes, which gets each and the path it is for. */
export async function startProxy() {
  let target = '';
  let spoil: (body: Json, path: string) => Spoilt = () => ({});

  async function pass(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url = '' } = request;
    const { 'idempotency-key': key = '', 'content-type': sentType = '' } = request.headers;
    const sent = await text(request);
    const headers = {
      ...(key && { 'idempotency-key': String(key) }),
      ...(sentType && { 'content-type': sentType }),
    };
    const answer = await fetch(target + url, { method, headers, ...(sent && { body: sent }) });
    const body: Json = await answer.json();
    const spoilt = spoil(body, url);
    response.statusCode = spoilt.status ?? answer.status;
    response.setHeader('content-type', spoilt.type ?? 'application/json');
    response.end(JSON.stringify(spoilt.body ?? body));
  }
  const server = createServer((request, response) => void pass(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    to(origin: string) {
      target = origin;
    },
    spoil(next: typeof spoil) {
      spoil = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
