import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Pool } from 'undici';
import type { WireNotification, WireOrder, WireUser } from '../upstream/data.ts';
import { FANOUT_QUERY } from '../workloads/fanout-query.ts';
import { serviceUrls } from './environment.ts';
import { listen } from './listen.ts';
import { createTokenVerifier } from './token-verifier.ts';

// Written by hand to produce one response as fast as possible: no GraphQL, no schema, no loaders.

const LIST_LENGTH = 10;
const urls = serviceUrls();
const pools = {
  user: new Pool(urls.user),
  order: new Pool(urls.order),
  notification: new Pool(urls.notification),
};
const verifyToken = createTokenVerifier();

async function getJson<Body>(pool: Pool, path: string): Promise<Body> {
  const { statusCode, body } = await pool.request({ method: 'GET', path });
  if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
  return (await body.json()) as Body;
}

async function loadDashboard(id: string) {
  const [user, { orders }, { notifications }] = await Promise.all([
    getJson<WireUser>(pools.user, `/users/${id}`),
    getJson<{ orders: WireOrder[] }>(pools.order, `/orders?user=${id}&limit=${LIST_LENGTH}`),
    getJson<{ notifications: WireNotification[] }>(
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

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const viewer = await verifyToken(request.headers.authorization).catch(() => undefined);
  if (!viewer) return send(response, 401, { errors: [{ message: 'Send a bearer token.' }] });
  const { query } = JSON.parse(await text(request)) as { query: string };
  if (query !== FANOUT_QUERY) {
    return send(response, 400, { errors: [{ message: 'Unknown operation.' }] });
  }
  try {
    send(response, 200, { data: { dashboard: await loadDashboard(viewer.id) } });
  } catch {
    send(response, 502, { errors: [{ message: 'The dashboard is temporarily unavailable.' }] });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
  response.writeHead(status, headers).end(bytes);
}

listen((request, response) => {
  handle(request, response).catch(() =>
    send(response, 400, { errors: [{ message: 'Invalid request.' }] }),
  );
});
