import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOrderService } from '../../services/order/service.ts';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';
import { start } from './harness.ts';

const order = { userId: '42', currency: 'EUR', items: [{ sku: 'CUP-STONE', quantity: 2 }] };
const key = { 'idempotency-key': 'k' };

describe('Faults', () => {
  it('set the status of their operation alone until they are cleared', async () => {
    await using users = await start(createUserService);
    const put = await users.send('PUT', '/_control/faults', { usersByIds: { status: 503 } });
    assert.equal(put.status, 204);
    assert.deepEqual(await users.get('/users?ids=1'), { status: 503, body: { code: 'fault' } });
    assert.equal((await users.get('/users?search=a')).status, 200);
    assert.equal((await users.send('DELETE', '/_control/faults')).status, 204);
    assert.equal((await users.get('/users?ids=1')).status, 200);
  });

  it('of `*` apply to every operation that is not named, but not to control', async () => {
    await using users = await start(createUserService);
    users.control.faults({ '*': { errorRate: 1 }, getUser: { delayMs: 1 } });
    assert.equal((await users.get('/users/1')).status, 200);
    assert.equal((await users.get('/users?ids=1')).status, 500);
    assert.equal((await users.get('/_control/requests')).status, 200);
  });

  it('with an error rate affect that share of requests, repeatably', async () => {
    await using users = await start(createUserService);
    const run = async () => {
      users.control.faults({ getUser: { errorRate: 0.5 } });
      const statuses = [];
      for (let call = 0; call < 40; call += 1) statuses.push((await users.get('/users/1')).status);
      return statuses;
    };
    const first = await run();
    const failed = first.filter((status) => status === 500).length;
    assert.ok(failed > 8 && failed < 32, `${failed} of 40 failed`);
    assert.deepEqual(await run(), first);
  });

  it('delay a response', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { delayMs: 60, jitterMs: 20 } });
    const before = performance.now();
    assert.equal((await users.get('/users/1')).status, 200);
    assert.ok(performance.now() - before >= 59);
  });

  it('hang until the client disconnects, without delaying the end of the service', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { hang: true } });
    const signal = AbortSignal.timeout(50);
    await assert.rejects(fetch(`${users.url}/users/1`, { signal }), { name: 'TimeoutError' });
    const request = (n: number) => users.control.requests().recent[n];
    await until(() => Boolean(request(0)?.endedAt));
    const waiting = assert.rejects(fetch(`${users.url}/users/1`));
    await until(() => request(1) !== undefined);
    await sleep(20);
    assert.equal(request(1)?.endedAt, null);
    await users[Symbol.asyncDispose]();
    await waiting;
  });

  it('malform a response into invalid JSON or JSON of another shape', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { malformed: 'json' }, usersByIds: { malformed: 'shape' } });
    const broken = await fetch(`${users.url}/users/1`);
    assert.match(broken.headers.get('content-type') ?? '', /json/);
    await assert.rejects(broken.json(), SyntaxError);
    const { status, body } = await users.get('/users?ids=1');
    assert.deepEqual([status, body.users], [200, undefined]);
  });

  it('replace the types of values within the correct structure', async () => {
    await using orders = await start(createOrderService);
    const { body: correct } = await orders.get('/orders?user=42&limit=2');
    orders.control.faults({ ordersByUser: { malformed: 'types' } });
    const { status, body } = await orders.get('/orders?user=42&limit=2');
    assert.equal(status, 200);
    const [order] = body.orders;
    assert.deepEqual([order.id, order.userId], [correct.orders[0].id, '42']);
    assert.deepEqual(Object.keys(order), Object.keys(correct.orders[0]));
    assert.deepEqual([order.status, order.placedAt, order.carrier], [null, null, false]);
    assert.deepEqual(order.total, [Object.values(correct.orders[0].total)]);
    assert.equal(order.items[0].quantity, String(correct.orders[0].items[0].quantity));
    assert.equal(body.orders.length, 2);
  });

  it('combine a status with Retry-After and a malformed body', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { status: 429, retryAfter: 7 } });
    const response = await fetch(`${users.url}/users/1`);
    assert.deepEqual([response.status, response.headers.get('retry-after')], [429, '7']);
    users.control.faults({ getUser: { status: 503, retryAfter: 0, malformed: 'json' } });
    const broken = await fetch(`${users.url}/users/1`);
    assert.deepEqual([broken.status, broken.headers.get('retry-after')], [503, '0']);
    await assert.rejects(broken.json(), SyntaxError);
  });

  it('apply before the operation, or after it with `afterWork`', async () => {
    await using orders = await start(createOrderService);
    const count = async () => (await orders.get('/orders?user=42&limit=100')).body.orders.length;
    orders.control.faults({ placeOrder: { status: 502 } });
    assert.equal((await orders.send('POST', '/orders', order, key)).status, 502);
    assert.equal(await count(), 23);
    orders.control.faults({ placeOrder: { status: 502, afterWork: true } });
    assert.equal((await orders.send('POST', '/orders', order, key)).status, 502);
    assert.equal(await count(), 24);
    orders.control.faults({ placeOrder: { hang: true, afterWork: true } });
    const init = { method: 'POST', body: JSON.stringify(order), signal: AbortSignal.timeout(50) };
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k2' };
    await assert.rejects(fetch(`${orders.url}/orders`, { ...init, headers }));
    orders.control.clear();
    assert.equal(await count(), 25);
    assert.equal((await orders.send('POST', '/orders', order, key)).status, 200);
  });

  it('prevent the operation if the client disconnects during a delay', async () => {
    await using orders = await start(createOrderService);
    orders.control.faults({ placeOrder: { delayMs: 80 } });
    const init = { method: 'POST', body: JSON.stringify(order), signal: AbortSignal.timeout(30) };
    const headers = { 'content-type': 'application/json', ...key };
    await assert.rejects(fetch(`${orders.url}/orders`, { ...init, headers }));
    await sleep(100);
    const { body } = await orders.get('/orders?user=42&limit=100');
    assert.equal(body.orders.length, 23);
  });

  it('are unchanged after invalid ones were refused', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { status: 503 } });
    for (const [faults, field] of [
      [{ getOrder: {} }, 'getOrder'],
      [{ getUser: { delay: 1 } }, 'getUser.delay'],
      [{ getUser: { delayMs: -1 } }, 'getUser.delayMs'],
      [{ getUser: { status: 200 } }, 'getUser.status'],
      [{ '*': { errorRate: 1.1 } }, '*.errorRate'],
      [{ '*': { malformed: 'xml' } }, '*.malformed'],
      [{ '*': { hang: 'yes' } }, '*.hang'],
      [{ '*': { cutBody: true } }, '*.cutBody'],
      [{ '*': { body: 'xml' } }, '*.body'],
      [{ '*': { retryAfter: 1 } }, '*.retryAfter'],
      [{ '*': { body: 'html', location: '/' } }, '*.location'],
      [{ '*': { body: 'redirect', location: 'a\nb' } }, '*.location'],
      [{ '*': { body: 'redirect', status: 500 } }, '*.body'],
      [{ '*': { body: 'proto', malformed: 'json' } }, '*.body'],
      [{ '*': { body: 'endless', cutBody: 'hang' } }, '*.body'],
      [[], 'body'],
    ] as const) {
      const { status, body } = await users.send('PUT', '/_control/faults', faults);
      assert.deepEqual([status, body.errors?.[0].field], [400, field]);
    }
    assert.equal((await users.send('PUT', '/_control/faults', '{')).status, 400);
    assert.throws(() => users.control.faults({ nobody: {} }), { status: 400 });
    assert.equal((await users.get('/users/1')).status, 503);
  });
});

describe('Request log', () => {
  it('counts requests by operation, with times and headers', async () => {
    await using users = await start(createUserService);
    const before = performance.timeOrigin + performance.now();
    await users.send('GET', '/users?ids=1,2', undefined, { 'x-request-id': 'r1' });
    await Promise.all([users.get('/users/1'), users.get('/users/2'), users.get('/users?search=a')]);
    await users.get('/nowhere');
    await users.get('/users/%E0%A4%A');
    const { body } = await users.get('/_control/requests');
    assert.equal(body.total, 6);
    assert.deepEqual(body.routes, { usersByIds: 1, getUser: 2, searchUsers: 1, unmatched: 2 });
    const [first] = body.recent;
    assert.deepEqual(
      [first.operation, first.method, first.url, first.headers['x-request-id']],
      ['usersByIds', 'GET', '/users?ids=1,2', 'r1'],
    );
    assert.ok(first.startedAt >= before && first.endedAt >= first.startedAt);
    await users.send('DELETE', '/_control/requests');
    assert.deepEqual(users.control.requests(), { total: 0, routes: {}, recent: [] });
  });

  it('counts ambiguous lists as unmatched and keeps the last 500 requests', async () => {
    await using orders = await start(createOrderService);
    await orders.get('/orders');
    await orders.get('/orders?user=1&users=2');
    assert.deepEqual(orders.control.requests().routes, { unmatched: 2 });
    for (let batch = 0; batch < 10; batch += 1) {
      await Promise.all(Array.from({ length: 51 }, () => orders.get('/orders/1')));
    }
    const { total, recent } = orders.control.requests();
    assert.deepEqual([total, recent.length], [512, 500]);
  });
});
