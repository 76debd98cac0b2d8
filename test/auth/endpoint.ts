import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Asked {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (response: ServerResponse, asked: Asked) => void;

/** A real server whose answer can be changed, and that knows what it was asked. */
export async function startEndpoint(answer: Answer) {
  const asked: Asked[] = [];
  let current = answer;
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers } = request;
    const one = { method, headers, body: await text(request) };
    asked.push(one);
    current(response, one);
  }
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    asked,
    answer(next: Answer) {
      current = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
