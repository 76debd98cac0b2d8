import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { CAST } from '../../../services/support/cast.ts';
import { createToken } from '../../support/environment.ts';
import { sessionCookie } from '../../support/session.ts';
import { NOTIFICATIONS, ORDERS, type Subscriptions, startSubscriptions } from './harness.ts';

const { customer } = CAST;
const OWN_ORIGIN = 'https://shop.example';
const OTHER_ORIGIN = 'https://partner.example';
const PROTOCOL = 'graphql-transport-ws';

describe('A connection of a page with a session', () => {
  let bff: Subscriptions;
  let cookie: string;
  before(async () => {
    bff = await startSubscriptions({ PUBLIC_URL: OWN_ORIGIN, CORS_ORIGINS: OTHER_ORIGIN });
    cookie = await sessionCookie(await createToken(customer));
  });
  after(() => bff[Symbol.asyncDispose]());

  for (const [page, headers, status] of [
    ['its own origin', { origin: OWN_ORIGIN }, 101],
    ['an origin of CORS_ORIGINS', { origin: OTHER_ORIGIN }, 101],
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['an opaque origin', { origin: 'null' }, 403],
    ['no origin', {}, 403],
  ] as const) {
    it(`${status === 101 ? 'is accepted' : 'is refused'} over WebSocket from ${page}`, async () => {
      const socket = new WebSocket(bff.socketUrl, PROTOCOL, { headers: { cookie, ...headers } });
      assert.equal(await statusOf(socket), status);
      if (status !== 101) return;
      const messages = readMessages(socket);
      socket.send('{"type":"connection_init"}');
      assert.deepEqual(await messages.next(), { type: 'connection_ack' });
      subscribe(socket, NOTIFICATIONS);
      await bff.untilOpen(1);
      await bff.notify(customer, 'Over a session');
      const { payload } = await messages.next();
      assert.equal(payload.data.notificationReceived.title, 'Over a session');
      socket.close();
      await bff.untilOpen(0);
    });
  }

  for (const [page, headers, status] of [
    ['its own origin', { 'sec-fetch-site': 'same-origin' }, 200],
    ['an origin of CORS_ORIGINS', { 'sec-fetch-site': 'cross-site', origin: OTHER_ORIGIN }, 200],
    ['another origin', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    ['another site, without Origin', { 'sec-fetch-site': 'cross-site' }, 403],
    ['an unknown place', {}, 403],
  ] as const) {
    it(`${status === 200 ? 'is accepted' : 'is refused'} by EventSource from ${page}`, async () => {
      const url = `${bff.streamUrl}?query=${encodeURIComponent(NOTIFICATIONS)}`;
      const outgoing = request(url, {
        headers: { accept: 'text/event-stream', cookie, ...headers },
      }).end();
      const [response] = await once(outgoing, 'response');
      assert.equal(response.statusCode, status);
      outgoing.destroy();
      await bff.untilOpen(0);
    });
  }

  it('ends when its user logs out', async () => {
    const url = `${bff.streamUrl}?query=${encodeURIComponent(NOTIFICATIONS)}`;
    const page = { cookie, origin: OWN_ORIGIN };
    const stream = await fetch(url, { headers: { accept: 'text/event-stream', ...page } });
    await bff.untilOpen(1);
    const logout = await fetch(`${bff.url}/auth/logout`, {
      method: 'POST',
      headers: { ...page, 'x-csrf-protection': '1' },
    });
    assert.ok(logout.ok, String(logout.status));
    await bff.notify(customer);
    const text = await stream.text();
    assert.match(text, /"code":"UNAUTHENTICATED"/);
    assert.doesNotMatch(text, /notificationReceived/);
  });
});

describe('A WebSocket', () => {
  let bff: Subscriptions;
  before(async () => {
    bff = await startSubscriptions();
  });
  after(() => bff[Symbol.asyncDispose]());

  it('is refused with the status of HTTP if its handshake has an invalid token', async () => {
    const headers = { authorization: 'Bearer not-a-token' };
    assert.equal(await statusOf(new WebSocket(bff.socketUrl, PROTOCOL, { headers })), 401);
  });

  it('is closed with the reason if connection_init has an invalid token', async () => {
    const socket = new WebSocket(bff.socketUrl, PROTOCOL);
    await once(socket, 'open');
    socket.send('{"type":"connection_init","payload":{"authorization":"Bearer not-a-token"}}');
    const [code, reason] = await once(socket, 'close');
    assert.equal(code, 4403);
    assert.match(String(reason), /token/);
  });

  it('is closed for messages that are too large or no messages of the protocol', async () => {
    for (const [message, code] of [
      ['a'.repeat(65 * 1_024), 1009],
      ['not JSON', 4400],
      ['{"type":"next","id":"1","payload":{}}', 4400],
      ['{"type":"subscribe","id":"1","payload":{"query":"{ a }"}}', 4401],
    ] as const) {
      const socket = new WebSocket(bff.socketUrl, PROTOCOL);
      await once(socket, 'open');
      socket.send(message);
      assert.equal((await once(socket, 'close'))[0], code, message.slice(0, 20));
    }
  });

  it('is refused for another protocol', async () => {
    const socket = new WebSocket(bff.socketUrl, 'graphql-ws');
    await assert.rejects(statusOf(socket), /no subprotocol/);
  });

  it('is refused like any request if its handshake is malformed', async () => {
    const handshake = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '7' };
    const [response] = await once(request(bff.endpoint, { headers: handshake }).end(), 'response');
    assert.equal(response.statusCode, 400);
    assert.equal(response.headers['sec-websocket-version'], '13');
    const { errors } = JSON.parse(await text(response));
    assert.equal(errors[0].message, 'Missing or invalid Sec-WebSocket-Key header.');
    assert.equal(errors[0].extensions.requestId, response.headers['x-request-id']);
  });

  it('is offered at /graphql only: elsewhere, the request is answered without it', async () => {
    const outgoing = request(`${bff.url}/healthz`, {
      headers: { connection: 'upgrade', upgrade: 'websocket' },
    }).end();
    const [response] = await once(outgoing, 'response');
    assert.equal(response.statusCode, 200);
    response.resume();
    const h2c = request(bff.endpoint, { headers: { connection: 'upgrade', upgrade: 'h2c' } }).end();
    const [other] = await once(h2c, 'response');
    assert.equal(other.statusCode, 400);
    other.resume();
  });

  it('is charged for its messages, and closed at the limit of its address', async () => {
    await using limited = await startSubscriptions({ RATE_LIMIT_ADDRESS: '20' });
    const socket = new WebSocket(limited.socketUrl, PROTOCOL);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    for (let n = 0; n < 30; n++) socket.send('{"type":"ping"}');
    const [code, reason] = await once(socket, 'close');
    assert.equal(code, 1013);
    assert.match(String(reason), /Rate limit exceeded/);
  });

  it('costs its address one unit, and is refused at its limit', async () => {
    await using limited = await startSubscriptions({ RATE_LIMIT_ADDRESS: '5' });
    const statuses = new Set<number | undefined>();
    for (let n = 0; n < 10; n++) {
      const socket = new WebSocket(limited.socketUrl, PROTOCOL);
      statuses.add(await statusOf(socket));
      socket.terminate();
    }
    assert.deepEqual([...statuses], [101, 429]);
  });

  it('ends all of its subscriptions with it, also those whose id was used again before they began', async () => {
    const socket = new WebSocket(bff.socketUrl, PROTOCOL);
    await once(socket, 'open');
    const id = await bff.placeOrder(customer);
    const payload = { query: ORDERS, variables: { id } };
    socket.send(
      JSON.stringify({ type: 'connection_init', payload: await bff.headersOf({ as: customer }) }),
    );
    await once(socket, 'message');
    bff.services.order.control.faults({ '*': { delayMs: 100 } });
    for (let n = 0; n < 3; n++) {
      socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload }));
      if (n < 2) socket.send('{"type":"complete","id":"1"}');
    }
    await bff.untilOpen(3);
    socket.close();
    await bff.untilOpen(0);
    bff.services.order.control.clear();
  });
});

/** The status of the response to a handshake. */
async function statusOf(socket: WebSocket): Promise<number | undefined> {
  socket.on('error', () => {});
  return Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode),
    once(socket, 'close').then(() => undefined),
  ]);
}

function subscribe(socket: WebSocket, query: string): void {
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
}

function readMessages(socket: WebSocket) {
  const messages: string[] = [];
  let wake = () => {};
  socket.on('message', (data: Buffer) => {
    messages.push(data.toString());
    wake();
  });
  return {
    async next() {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return JSON.parse(messages.shift() ?? '');
    },
  };
}
