import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { ServiceOptions, StandIn } from '../../services/support/stand-in.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export type Answer = { status: number; body: any };

export type Running = Awaited<ReturnType<typeof start>>;

/** A service on a free port, and a client for it; ends with the scope. */
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
  ): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const init = text === undefined ? {} : { body: text };
    const type = text === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers: { ...type, ...headers }, ...init });
    const answer = await response.text();
    return { status: response.status, body: answer === '' ? undefined : JSON.parse(answer) };
  }

  return {
    url,
    control: app.control,
    send,
    get: (path: string) => send('GET', path),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/** A response whose body has not been read, on a connection of its own. */
export async function head(url: string): Promise<IncomingMessage> {
  const request = get(url, { agent: false });
  // What breaks the connection later is the response's error too, where tests look for it.
  request.on('error', () => undefined);
  const [response] = await once(request, 'response');
  return response;
}

export const byId = (a: { id: string }, b: { id: string }) => Number(a.id) - Number(b.id);

export const idsOf = (items: { id: string }[]): string[] => items.map(({ id }) => id);

/** All items of a list, page by page. */
export async function walk(
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
