import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it, mock } from 'node:test';
import WebSocket from 'ws';
import { web } from '../../../bff-web/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import { issueToken } from '../../../services/support/tokens.ts';
import { startBffProcess } from '../../support/bff-process.ts';
import { until } from '../../support/until.ts';
import { NOTIFICATIONS, ORDERS, startSubscriptions } from './harness.ts';

const { customer } = CAST;
/** Longer than the lifetime of the tokens here. */
const HOUR_MS = 3_600_000;
const HEARTBEAT_MS = 5_000;

/** A clock that tokens are verified with; the intervals that are set from now on pass on demand. */
function createClock() {
  const now = performance.now.bind(performance);
  let offsetMs = 0;
  const { mock: performanceMock } = mock.method(performance, 'now', () => now() + offsetMs);
  mock.timers.enable({ apis: ['Date', 'setInterval'], now: Date.now() });
  return {
    advance(ms: number) {
      offsetMs += ms;
      mock.timers.setTime(Date.now() + ms);
    },
    passInterval: (ms = 10_000) => mock.timers.tick(ms),
    [Symbol.dispose]() {
      mock.timers.reset();
      performanceMock.restore();
    },
  };
}

describe('A subscription whose token expires', () => {
  for (const protocol of ['overSse', 'overWebSocket'] as const) {
    it(`gets no event after that ${protocol === 'overSse' ? 'over server-sent events' : 'over WebSocket'}`, async () => {
      await using bff = await startSubscriptions();
      using clock = createClock();
      const token = await issueToken({ userId: customer, expiresIn: 60 });
      await using subscription = await bff[protocol](NOTIFICATIONS, { token });
      const first = subscription.next();
      await bff.untilOpen(1);
      await bff.notify(customer, 'before');
      assert.equal((await first).data.notificationReceived.title, 'before');
      const next = subscription.next();
      clock.advance(HOUR_MS);
      await bff.notify(customer, 'after');
      if (protocol === 'overSse') {
        const { errors, data } = await next;
        assert.equal(data, undefined);
        assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
        assert.equal(await subscription.next(), undefined);
      } else {
        await assert.rejects(next, (event: CloseEvent) => {
          assert.equal(event.code, 4403);
          assert.match(event.reason, /not valid anymore/);
          return true;
        });
      }
      await bff.untilOpen(0);
    });
  }

  it('ends without an event, too', async () => {
    await using bff = await startSubscriptions();
    using clock = createClock();
    const token = await issueToken({ userId: customer, expiresIn: 60 });
    const { response, text } = await bff.open(NOTIFICATIONS, { token });
    assert.equal(response.status, 200);
    clock.passInterval();
    await bff.notify(CAST.otherCustomer);
    assert.equal(await bff.metric('frontdesk_subscriptions'), 1);
    clock.advance(HOUR_MS);
    clock.passInterval();
    assert.match(await text(), /event: next\ndata: .*"UNAUTHENTICATED".*\n\nevent: complete/);
  });
});

describe('A subscription over server-sent events', () => {
  it('gets its results one after the other, also after a heartbeat', async () => {
    using clock = createClock();
    await using bff = await startSubscriptions();
    const ids = [await bff.placeOrder(customer), await bff.placeOrder(customer)] as const;
    await using subscription = await bff.overSse(ORDERS);
    const first = subscription.next();
    await bff.untilOpen(1);
    const { control } = bff.services.order;
    control.reset();
    control.faults({ ordersByIds: { delayMs: 400 } });
    await bff.cancelOrder(ids[0]);
    await until(() => control.requests().routes.ordersByIds === 1);
    control.clear();
    clock.passInterval();
    await bff.cancelOrder(ids[1]);
    const results = [await first, await subscription.next()];
    assert.deepEqual(
      results.map(({ data }) => data.orderChanged.id),
      ids,
    );
  });

  it('sends heartbeats while nothing happens', async () => {
    using clock = createClock();
    await using bff = await startSubscriptions();
    const { response, leave } = await bff.open(NOTIFICATIONS);
    let received = '';
    for await (const chunk of response.body ?? []) {
      received += Buffer.from(chunk).toString();
      if (received.includes('\n:\n\n')) break;
      clock.passInterval(HEARTBEAT_MS);
    }
    assert.match(received, /^retry: \d+\n\n:\n\n$/);
    leave();
  });
});

describe('A WebSocket', () => {
  it('stays open while its client answers pings, and is cut off when it does not', async () => {
    using clock = createClock();
    await using bff = await startSubscriptions();
    const socket = new WebSocket(bff.socketUrl, 'graphql-transport-ws');
    const silent = new WebSocket(bff.socketUrl, 'graphql-transport-ws', { autoPong: false });
    await Promise.all([once(socket, 'open'), once(silent, 'open')]);
    const cutOff = once(silent, 'close');
    for (let n = 0; n < 3; n++) {
      const pinged = once(socket, 'ping');
      clock.passInterval(HEARTBEAT_MS);
      await pinged;
      // Its answer arrives after the pong.
      socket.send('{"type":"ping"}');
      await once(socket, 'message');
    }
    assert.equal((await cutOff)[0], 1006);
    assert.equal(socket.readyState, socket.OPEN);
    socket.terminate();
  });

  it('is cut off if its client sends messages and does not read the answers', async () => {
    await using bff = await startSubscriptions();
    const socket = new WebSocket(bff.socketUrl, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    socket.pause();
    const closed = once(socket, 'close');
    const ping = JSON.stringify({ type: 'ping', payload: { text: 'a'.repeat(60_000) } });
    // More than the buffers of both ends of the connection hold.
    for (let n = 0; n < 400; n++) socket.send(ping);
    await until(async () => {
      // Unasked for, so that the heartbeat does not end the connection.
      socket.pong();
      return (await bff.metric('frontdesk_connections')) === 0;
    });
    socket.terminate();
    await closed;
  });

  it('is closed after a minute without a subscription', async () => {
    using clock = createClock();
    await using bff = await startSubscriptions();
    const socket = new WebSocket(bff.socketUrl, 'graphql-transport-ws');
    await once(socket, 'open');
    const closed = once(socket, 'close');
    clock.advance(61_000);
    clock.passInterval(HEARTBEAT_MS);
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [1000, 'No subscription is open']);
  });
});

describe('A subscription whose client does not read', () => {
  it('keeps no results for it, and ends with the reason when too many events wait', async () => {
    await using bff = await startSubscriptions();
    const orders = [];
    for (let n = 0; n < 150; n++) orders.push(await bff.placeOrder(customer, 20));
    // A field that is repeated makes results that fill the buffers of the connection.
    const fields = Array.from({ length: 28 }, (_, n) => `a${n}: items { name sku quantity }`);
    const query = `subscription { orderChanged { id ${fields.join(' ')} } }`;
    const body = JSON.stringify({ query });
    const { authorization } = await bff.headersOf({});
    const socket = connect(Number(new URL(bff.url).port), '127.0.0.1');
    socket.write(
      `POST /graphql/stream HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\nauthorization: ${authorization}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await once(socket, 'readable');
    await bff.untilOpen(1);
    const ended = () => bff.metric('frontdesk_subscriptions_ended_total');
    const calls = () => bff.services.order.control.requests().routes.ordersByIds ?? 0;
    while ((await ended()) === 0) {
      for (const id of orders) await bff.cancelOrder(id);
    }
    const executed = calls();
    await bff.placeOrder(customer);
    assert.equal(calls(), executed);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    await until(() => received.includes('event: complete'));
    assert.match(received.slice(-1_000), /"code":"OVERLOADED","reason":"slow"/);
    socket.destroy();
  });
});

describe('Subscriptions of a process that ends', () => {
  it('are closed with a hint to connect again, and do not delay the end', async () => {
    await using bff = await startBffProcess(web, { env: { DRAIN_DELAY_MS: '200' } });
    const token = await issueToken({ userId: customer });
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
    const url = new URL('/graphql/stream', bff.endpoint);
    url.searchParams.set('query', NOTIFICATIONS);
    const response = await fetch(url, { headers });
    assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
    const socket = new WebSocket(bff.endpoint.replace('http', 'ws'), 'graphql-transport-ws', {
      headers: { authorization: `Bearer ${token}` },
    });
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: ORDERS } }));
    const closed = once(socket, 'close');
    bff.kill('SIGTERM');
    const text = await response.text();
    assert.match(text, /^retry: [1-5]\d{3}\n\n(:\n\n)*retry: [1-5]\d{3}\n\n$/);
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [1012, 'Service restart']);
    assert.deepEqual(await bff.ended(), [0, null]);
  });
});
