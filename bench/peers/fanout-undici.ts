import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Pool } from 'undici';
import type { WireNotification, WireOrder, WireUser } from '../upstream/data.ts';
import { FANOUT_QUERY } from '../workloads/fanout-query.ts';
import { listen } from './listen.ts';
import { createTokenReader, settings } from './support.ts';

// What somebody would write who wants this one answer fast: no GraphQL, no schema, no loaders.

const LIST_LENGTH = 10;
const services = settings();
const pools = {
  user: new Pool(services.user),
  order: new Pool(services.order),
  notification: new Pool(services.notification),
};
const viewerOf = createTokenReader();

async function ask<Body>(pool: Pool, path: string): Promise<Body> {
  const { statusCode, body } = await pool.request({ method: 'GET', path });
  if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
  return (await body.json()) as Body;
}

async function dashboardOf(id: string) {
  const [user, { orders }, { notifications }] = await Promise.all([
    ask<WireUser>(pools.user, `/users/${id}`),
    ask<{ orders: WireOrder[] }>(pools.order, `/orders?user=${id}&limit=${LIST_LENGTH}`),
    ask<{ notifications: WireNotification[] }>(
      pools.notification,
      `/notifications?user=${id}&limit=${LIST_LENGTH}`,
    ),
  ]);
  return {
    user: { id: user.id, name: user.name },
    orders: orders.map(({ id, status, total: { amount, currency }, items }) => ({
      id,
      status: status.toUpperCase(),
      total: { amount, currency },
      items: items.map(({ sku, quantity }) => ({ sku, quantity })),
    })),
    notifications: notifications.map(({ id, kind, createdAt }) => ({
      id,
      kind: kind.toUpperCase(),
      createdAt,
    })),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const viewer = await viewerOf(request.headers.authorization).catch(() => undefined);
  if (!viewer) return send(response, 401, { errors: [{ message: 'Sign in first.' }] });
  const { query } = JSON.parse(await text(request)) as { query: string };
  if (query !== FANOUT_QUERY) {
    return send(response, 400, { errors: [{ message: 'This operation is not known.' }] });
  }
  try {
    send(response, 200, { data: { dashboard: await dashboardOf(viewer.id) } });
  } catch {
    send(response, 502, { errors: [{ message: 'This can not be had right now.' }] });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
  response.writeHead(status, headers).end(bytes);
}

listen((request, response) => {
  answer(request, response).catch(() => send(response, 400, { errors: [{ message: 'No.' }] }));
});
