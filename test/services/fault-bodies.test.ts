import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { createOrderService } from '../../services/order/service.ts';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';
import { head, type Running, start } from './harness.ts';

describe('Fault bodies', () => {
  const MEGABYTE = 1_048_576;

  async function size(body: AsyncIterable<Uint8Array>, maxBytes = Number.POSITIVE_INFINITY) {
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes >= maxBytes) break;
    }
    return bytes;
  }

  it('include the correct one with 64 MB of spaces', async () => {
    await using users = await start(createUserService);
    const { body: correct } = await users.get('/users/42');
    users.control.faults({ getUser: { body: 'oversized' } });
    const response = await fetch(`${users.url}/users/42`);
    assert.match(response.headers.get('content-type') ?? '', /json/);
    assert.equal(response.headers.get('content-length'), null);
    const text = await response.text();
    assert.ok(text.length > 64 * MEGABYTE);
    assert.deepEqual(JSON.parse(text), correct);
  });

  it('include an endless one that continues until the client disconnects', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { body: 'endless' } });
    const response = await head(`${users.url}/users/42`);
    assert.match(response.headers['content-type'] ?? '', /json/);
    assert.ok((await size(response, 80 * MEGABYTE)) >= 80 * MEGABYTE);
    await until(() => users.control.requests().recent[0]?.endedAt !== null);
    assert.equal(users.control.requests().recent[0]?.aborted, true);
  });

  it('wait for a slow client while others are served', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { body: 'endless' }, usersByIds: { body: 'oversized' } });
    const before = process.memoryUsage().arrayBuffers;
    const slow = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        head(`${users.url}/users${index % 2 ? '/42' : '?ids=42'}`),
      ),
    );
    await sleep(200);
    assert.ok(process.memoryUsage().arrayBuffers - before < 30 * MEGABYTE);
    assert.equal((await users.get('/users?search=okafor42')).status, 200);
    for (const response of slow) response.destroy();
    await until(() => users.control.requests().recent.every(({ endedAt }) => endedAt !== null));
  });

  it('include a gzip bomb that is small, valid and correct once inflated', async () => {
    await using users = await start(createUserService);
    const { body: one } = await users.get('/users/1');
    const { body: two } = await users.get('/users/42');
    users.control.faults({ getUser: { body: 'gzipBomb' } });
    for (const correct of [one, two]) {
      const response = await head(`${users.url}/users/${correct.id}`);
      assert.equal(response.headers['content-encoding'], 'gzip');
      const packed = Buffer.concat(await response.toArray());
      assert.ok(packed.length < 200_000, `${packed.length} bytes`);
      const text = gunzipSync(packed).toString('latin1');
      assert.ok(text.length > 100 * MEGABYTE);
      assert.equal(JSON.parse(text).email, correct.email);
    }
  });

  it('include one shorter than its Content-Length, after which the connection closes', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { body: 'wrongLength' } });
    const response = await head(`${users.url}/users/42`);
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    await assert.rejects(once(response, 'end'), { code: 'ECONNRESET', message: 'aborted' });
    assert.equal(JSON.parse(text).id, '42');
    assert.ok(Number(response.headers['content-length']) > text.length);
    assert.equal(users.control.requests().recent[0]?.aborted, false);
  });

  it('include the correct one with prototype keys in every object', async () => {
    await using orders = await start(createOrderService);
    const { body: correct } = await orders.get('/orders?user=42&limit=1');
    orders.control.faults({ ordersByUser: { body: 'proto' } });
    const text = await (await fetch(`${orders.url}/orders?user=42&limit=1`)).text();
    assert.match(text, /^\{"__proto__":\{"polluted":true\},"constructor":/);
    const body = JSON.parse(text);
    const [order] = body.orders;
    for (const each of [body, order, order.total, order.items[0].unitPrice]) {
      assert.ok(Object.hasOwn(each, '__proto__') && Object.hasOwn(each, 'constructor'));
    }
    const isPrototypeKey = (key: string) => key === '__proto__' || key === 'constructor';
    const withoutPrototypeKeys = (key: string, value: unknown) =>
      isPrototypeKey(key) ? undefined : value;
    assert.deepEqual(JSON.parse(text, withoutPrototypeKeys), correct);
  });

  it('include a redirect to the given location or a closed port', async () => {
    await using users = await start(createUserService);
    const redirected = async () => {
      const { status, headers } = await fetch(`${users.url}/users/42`, { redirect: 'manual' });
      return [status, headers.get('location')];
    };
    users.control.faults({ getUser: { body: 'redirect' } });
    assert.deepEqual(await redirected(), [302, 'http://127.0.0.1:9/']);
    users.control.faults({ getUser: { body: 'redirect', location: 'http://[::1]:80/x?y' } });
    assert.deepEqual(await redirected(), [302, 'http://[::1]:80/x?y']);
  });

  it('include an HTML page with status 200 or the given one', async () => {
    await using users = await start(createUserService);
    for (const status of [undefined, 502]) {
      users.control.faults({ getUser: status ? { body: 'html', status } : { body: 'html' } });
      const response = await fetch(`${users.url}/users/42`);
      assert.equal(response.status, status ?? 200);
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(await response.text(), /^<!doctype html>/);
    }
  });

  it('prevent the operation if they replace the response, and follow it if they damage it', async () => {
    await using users = await start(createUserService);
    for (const [body, isDone] of [
      ['html', false],
      ['redirect', false],
      ['wrongLength', true],
      ['proto', true],
    ] as const) {
      users.control.faults({ updateUser: { body } });
      const init = { method: 'PATCH', body: JSON.stringify({ name: body }), redirect: 'manual' };
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${users.url}/users/42`, { ...init, headers } as RequestInit);
      await response.text().catch(() => undefined);
      assert.equal((await users.get('/users/42')).body.name === body, isDone, body);
    }
  });
});

describe('Connection faults', () => {
  const order = { userId: '42', currency: 'EUR', items: [{ sku: 'CUP-STONE', quantity: 2 }] };
  const key = { 'idempotency-key': 'k' };
  const isReset = { code: 'ECONNRESET' };

  async function lastEnded(service: Running) {
    const last = () => service.control.requests().recent.at(-1);
    await until(() => last()?.endedAt !== null);
    return last();
  }

  it('reset the connection instead of a response, before or after the operation', async () => {
    await using orders = await start(createOrderService);
    const count = async () => (await orders.get('/orders?user=42&limit=100')).body.orders.length;
    orders.control.faults({ getOrder: { reset: true }, placeOrder: { reset: true } });
    await assert.rejects(head(`${orders.url}/orders/1`), isReset);
    const place = () => orders.send('POST', '/orders', order, key);
    await assert.rejects(place(), ({ cause }) => cause.code === 'ECONNRESET');
    assert.equal(await count(), 23);
    orders.control.faults({ placeOrder: { reset: true, afterWork: true } });
    await assert.rejects(place(), ({ cause }) => cause.code === 'ECONNRESET');
    assert.equal(await count(), 24);
  });

  it('send half a body and hang until the client disconnects', async () => {
    await using users = await start(createUserService);
    const complete = await (await fetch(`${users.url}/users/1`)).text();
    users.control.faults({ getUser: { cutBody: 'hang' } });
    const response = await head(`${users.url}/users/1`);
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers['content-length'], String(Buffer.byteLength(complete)));
    const [half] = await once(response, 'data');
    assert.equal(String(half), complete.slice(0, Math.floor(complete.length / 2)));
    const entry = users.control.requests().recent.at(-1);
    assert.deepEqual([entry?.endedAt, entry?.aborted], [null, false]);
    response.destroy();
    assert.equal((await lastEnded(users))?.aborted, true);
  });

  it('send half a body and then reset the connection', async () => {
    await using users = await start(createUserService);
    users.control.faults({ getUser: { cutBody: 'reset' } });
    const response = await head(`${users.url}/users/1`);
    const chunks: Buffer[] = [];
    response.on('data', (chunk) => chunks.push(chunk));
    await assert.rejects(text(response), isReset);
    const half = Buffer.concat(chunks).toString();
    assert.ok(half.startsWith('{"id":"1"') && !half.endsWith('}'), half);
  });

  it('cut a response with a given status before the operation', async () => {
    await using orders = await start(createOrderService);
    orders.control.faults({ placeOrder: { cutBody: 'reset', status: 502 } });
    await assert.rejects(orders.send('POST', '/orders', order, key), { name: 'TypeError' });
    assert.equal((await orders.get('/orders?user=42&limit=100')).body.orders.length, 23);
    orders.control.faults({ '*': { cutBody: 'reset', status: 502 } });
    const response = await head(`${orders.url}/orders/1`);
    assert.equal(response.statusCode, 502);
    await assert.rejects(text(response), isReset);
  });

  it('are not counted as aborted requests, unlike disconnects of the client', async () => {
    await using users = await start(createUserService);
    await users.get('/users/1');
    assert.equal((await lastEnded(users))?.aborted, false);
    users.control.faults({ getUser: { reset: true } });
    await assert.rejects(users.get('/users/1'));
    assert.equal((await lastEnded(users))?.aborted, false);
    users.control.faults({ getUser: { cutBody: 'reset' } });
    await assert.rejects(users.get('/users/1'));
    assert.equal((await lastEnded(users))?.aborted, false);
    for (const fault of [{ hang: true }, { delayMs: 5000 }, { hang: true, afterWork: true }]) {
      users.control.faults({ getUser: fault });
      const signal = AbortSignal.timeout(30);
      await assert.rejects(fetch(`${users.url}/users/1`, { signal }));
      assert.equal((await lastEnded(users))?.aborted, true);
    }
    assert.ok((await users.get('/_control/requests')).body.recent.at(-1).aborted);
  });

  it('do not delay the end of the service', async () => {
    const users = await start(createUserService);
    users.control.faults({ getUser: { cutBody: 'hang' }, usersByIds: { body: 'endless' } });
    const open = await Promise.all([
      head(`${users.url}/users/1`),
      head(`${users.url}/users?ids=1`),
    ]);
    const ends = open.map((response) => assert.rejects(text(response)));
    await users[Symbol.asyncDispose]();
    await Promise.all(ends);
  });
});
