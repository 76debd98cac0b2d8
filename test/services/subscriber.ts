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

/** What a subscriber does about its nth delivery, counted from 1. */
type React = (response: ServerResponse, nth: number) => unknown;

export const take: React = (response) => response.writeHead(204).end();
export const fail: React = (response) => response.writeHead(503).end();
export const hang: React = () => undefined;

/** A server on a free port that keeps all that it is told; ends with the scope. */
export async function startSubscriber(react: React = take) {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => void receive(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function receive(request: IncomingMessage, response: ServerResponse) {
    const { method, url, headers } = request;
    deliveries.push({ method, url, headers, body: await text(request), response });
    react(response, deliveries.length);
  }

  return {
    url: `http://127.0.0.1:${port}/purge`,
    deliveries,
    /** Of each delivery, oldest first. */
    tags: (): string[][] => deliveries.map(({ body }) => JSON.parse(body).tags),
    ids: () => new Set(deliveries.map(({ headers }) => headers['webhook-id'])),
    async [Symbol.asyncDispose]() {
      const closed = once(server.close(), 'close');
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The address of a server that was there, and is no more. */
export async function deadUrl(): Promise<string> {
  await using gone = await startSubscriber();
  return gone.url;
}

/** As the Standard Webhooks have it, over what was sent. */
export function signatureOf({ headers, body }: Delivery, secret: string): string {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', Buffer.from(secret)).update(signed).digest('base64')}`;
}
