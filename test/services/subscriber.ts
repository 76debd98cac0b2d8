import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type Delivery = {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  body: string;
  response: ServerResponse;
};

/** Responds to the nth delivery, counted from 1. */
type Responder = (response: ServerResponse, nth: number) => unknown;

export const take: Responder = (response) => response.writeHead(204).end();
export const fail: Responder = (response) => response.writeHead(503).end();
export const hang: Responder = () => undefined;

/** Starts a server on a free port that records its deliveries; `await using` closes it. */
export async function startSubscriber(respond: Responder = take) {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function receive(request: IncomingMessage, response: ServerResponse) {
    const { method, url, headers } = request;
    deliveries.push({ method, url, headers, body: await text(request), response });
    respond(response, deliveries.length);
  }

  return {
    url: `http://127.0.0.1:${port}/purge`,
    deliveries,
    /** The tags of each delivery, oldest first. */
    tags: (): string[][] => deliveries.map(({ body }) => JSON.parse(body).tags),
    ids: () => new Set(deliveries.map(({ headers }) => headers['webhook-id'])),
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The URL of a server that is closed. */
export async function closedUrl(): Promise<string> {
  await using closed = await startSubscriber();
  return closed.url;
}

/** The signature that Standard Webhooks specify for the delivery. */
export function signatureOf({ headers, body }: Delivery, secret: string): string {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', Buffer.from(secret)).update(signed).digest('base64')}`;
}
