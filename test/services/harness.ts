import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { ServiceOptions, StandIn } from '../../services/support/stand-in.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read responses of every shape
export type Response = { status: number; body: any };

export type Running = Awaited<ReturnType<typeof start>>;

/** Starts a service on a free port, with a client; `await using` closes it. */
export async function start(
  create: (options: ServiceOptions) => Promise<StandIn>,
  options: ServiceOptions = {},
) {
  const app = await create(options);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });

  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const init = text === undefined ? {} : { body: text };
    const type = text === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers: { ...type, ...headers }, ...init });
    const json = await response.text();
    return { status: response.status, body: json === '' ? undefined : JSON.parse(json) };
  }

  return {
    url,
    control: app.control,
    send,
    get: (path: string) => send('GET', path),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** Requests a URL on a new connection; the body of the response is unread. */
export async function head(url: string): Promise<IncomingMessage> {
  const request = get(url, { agent: false });
  // A later connection error is also an error of the response, where tests expect it.
  request.on('error', () => undefined);
  const [response] = await once(request, 'response');
  return response;
}

export const byId = (a: { id: string }, b: { id: string }) => Number(a.id) - Number(b.id);

export const idsOf = (items: { id: string }[]): string[] => items.map(({ id }) => id);

/** Reads all pages of a list. */
export async function readPages(
  service: Running,
  path: string,
  list: string,
): Promise<{ id: string }[]> {
  const items = [];
  let cursor = '';
  do {
    const { body } = await service.get(path + (cursor && `&cursor=${cursor}`));
    items.push(...body[list]);
    cursor = body.nextCursor ?? '';
  } while (cursor !== '');
  return items;
}
