/*
 * A thousand subscriptions of one process, over each protocol: a hundred users with ten each.
 *
 * Property: a subscription takes less memory than MAX_BYTES, an event reaches all subscriptions to it, and at
 * the end of the process all clients are told to connect again, and none keeps it from ending.
 * A run prints what it has measured: docs/subscriptions.md has the figures.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import WebSocket from 'ws';
import { web } from '../../../bff-web/bff.ts';
import { issueToken } from '../../../services/support/tokens.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import type { UPSTREAMS } from '../../../src/datasources/upstreams.ts';
import { startBffProcess, toModuleUrl } from '../../support/bff-process.ts';
import { mapConcurrently } from '../../support/map-concurrently.ts';
import { sendEvent } from '../../support/subscribe-once.ts';
import { until } from '../../support/until.ts';
import { ORDERS } from './harness.ts';

const USERS = 100;
const PER_USER = 10;
const CONNECTIONS = USERS * PER_USER;
/** Of heap and buffers. */
const MAX_BYTES = 100 * 1_024;
const MEMORY = toModuleUrl(`
  process.on('message', () => {
    gc();
    gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    process.send({ heap: heapUsed + external, resident: rss });
  });
  process.channel.unref();
`);

/** A client that has subscribed to its orders. */
interface Subscriber {
  /** Everything that it has got. */
  text: string;
  /** The reason for the end, once there is one. */
  end?: string;
}

const CLIENTS = {
  'server-sent events': subscribeOverSse,
  WebSocket: subscribeOverWebSocket,
};

for (const [protocol, subscribe] of Object.entries(CLIENTS)) {
  describe(`A thousand subscriptions over ${protocol}`, () => {
    it('take little memory, all get their events, and end with the process', async (t) => {
      await using bff = await startBffProcess(web as BffDefinition<typeof UPSTREAMS>, {
        preload: MEMORY,
      });
      const tokens = await Promise.all(
        Array.from({ length: USERS }, (_, n) => issueToken({ userId: String(n + 100) })),
      );
      const all = tokens.flatMap((token) => Array<string>(PER_USER).fill(token));
      const open = (token: string) => subscribe(bff.endpoint, token);
      // Opens what every process needs once.
      await open(await issueToken({ userId: '42' }));
      await open(await issueToken({ userId: '42' }));
      const before = await bff.request('memory');
      const subscribers = await mapConcurrently(all, open);
      await until(async () => (await openOf(bff.adminUrl)) === CONNECTIONS + 2);
      const after = await bff.request('memory');
      const perConnection = (after.heap - before.heap) / CONNECTIONS;

      const sentAt = performance.now();
      const order = await placeOrder(bff, '100');
      await sendEvent(bff, { type: 'order.changed', data: { user: '100', id: order } });
      const reached = subscribers.slice(0, PER_USER);
      await until(() => reached.every(({ text }) => text.includes(`"id":"${order}"`)));
      const eventMs = performance.now() - sentAt;
      assert.ok(subscribers.slice(PER_USER).every(({ text }) => !text.includes(order)));

      const endedAt = performance.now();
      bff.kill('SIGTERM');
      await until(() => subscribers.every(({ end }) => end !== undefined));
      assert.deepEqual(await bff.ended(), [0, null]);
      const drainMs = performance.now() - endedAt;
      const ends = new Set(subscribers.map(({ end }) => end));
      assert.deepEqual([...ends], [protocol === 'WebSocket' ? '1012 Service restart' : 'retry']);
      report(t, {
        'heap and buffers per connection, kB': perConnection / 1_000,
        'resident memory per connection, kB':
          (after.resident - before.resident) / CONNECTIONS / 1_000,
        'an event to ten subscriptions, ms': eventMs,
        'end of the process, ms': drainMs,
      });
      assert.ok(perConnection < MAX_BYTES, `${perConnection} bytes`);
    });
  });
}

type Process = Awaited<ReturnType<typeof startBffProcess<typeof UPSTREAMS>>>;

async function subscribeOverSse(endpoint: string, token: string): Promise<Subscriber> {
  const url = new URL('/graphql/stream', endpoint);
  url.searchParams.set('query', 'subscription { orderChanged { id status } }');
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
  const outgoing = request(url, { headers, agent: new Agent() }).end();
  const [response] = await once(outgoing, 'response');
  assert.equal(response.statusCode, 200);
  const subscriber: Subscriber = { text: '' };
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    subscriber.text += chunk;
  });
  response.on('end', () => {
    subscriber.end = /\n\nretry: \d+\n\n$/.test(subscriber.text) ? 'retry' : 'no hint';
  });
  await until(() => subscriber.text !== '');
  return subscriber;
}

async function subscribeOverWebSocket(endpoint: string, token: string): Promise<Subscriber> {
  const socket = new WebSocket(endpoint.replace('http', 'ws'), 'graphql-transport-ws', {
    perMessageDeflate: false,
  });
  const subscriber: Subscriber = { text: '' };
  socket.on('message', (data: Buffer) => {
    subscriber.text += data.toString();
  });
  socket.on('close', (code, reason) => {
    subscriber.end = `${code} ${reason.toString()}`;
  });
  await once(socket, 'open');
  const payload = { authorization: `Bearer ${token}` };
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  await until(() => subscriber.text.includes('connection_ack'));
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: ORDERS } }));
  return subscriber;
}

async function placeOrder({ services }: Process, userId: string): Promise<string> {
  const response = await services.order.inject({
    method: 'POST',
    url: '/orders',
    headers: { 'idempotency-key': userId },
    payload: { userId, currency: 'EUR', items: [{ sku: 'BAG-TOTE', quantity: 1 }] },
  });
  return response.json().id;
}

/** The number of subscriptions that the process says are open. */
async function openOf(adminUrl: string): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', adminUrl))).text();
  const lines = metrics.matchAll(/^frontdesk_subscriptions{.*} (\d+)$/gm);
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

function report(t: TestContext, figures: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(figures)) t.diagnostic(`${name}: ${value.toFixed(1)}`);
}
