import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { createOrderService } from '../../services/order/service.ts';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';
import { head, start } from './client.ts';

const MEGABYTE = 1_048_576;

async function size(body: AsyncIterable<Uint8Array>, most = Number.POSITIVE_INFINITY) {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes >= most) break;
  }
  return bytes;
}

test('an oversized body is the right one, but for 64 MB of blanks', async () => {
  await using users = await start(createUserService);
  const { body: right } = await users.get('/users/42');
  users.control.faults({ getUser: { body: 'oversized' } });
  const response = await fetch(`${users.url}/users/42`);
  assert.match(response.headers.get('content-type') ?? '', /json/);
  assert.equal(response.headers.get('content-length'), null);
  const text = await response.text();
  assert.ok(text.length > 64 * MEGABYTE);
  assert.deepEqual(JSON.parse(text), right);
});

test('an endless body goes on until the client leaves', async () => {
  await using users = await start(createUserService);
  users.control.faults({ getUser: { body: 'endless' } });
  const response = await head(`${users.url}/users/42`);
  assert.match(response.headers['content-type'] ?? '', /json/);
  assert.ok((await size(response, 80 * MEGABYTE)) >= 80 * MEGABYTE);
  await until(() => users.control.requests().recent[0]?.endedAt !== null);
  assert.equal(users.control.requests().recent[0]?.aborted, true);
});

test('large bodies wait for a slow client, and others are served meanwhile', async () => {
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

test('a gzip bomb is small, valid, and the right body once inflated', async () => {
  await using users = await start(createUserService);
  const { body: one } = await users.get('/users/1');
  const { body: two } = await users.get('/users/42');
  users.control.faults({ getUser: { body: 'gzipBomb' } });
  for (const right of [one, two]) {
    const response = await head(`${users.url}/users/${right.id}`);
    assert.equal(response.headers['content-encoding'], 'gzip');
    const packed = Buffer.concat(await response.toArray());
    assert.ok(packed.length < 200_000, `${packed.length} bytes`);
    const text = gunzipSync(packed).toString('latin1');
    assert.ok(text.length > 100 * MEGABYTE);
    assert.equal(JSON.parse(text).email, right.email);
  }
});

test('a wrong length promises more than there is, then the connection ends', async () => {
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

test('a poisoned body is the right one, with more keys in every object', async () => {
  await using orders = await start(createOrderService);
  const { body: right } = await orders.get('/orders?user=42&limit=1');
  orders.control.faults({ ordersByUser: { body: 'proto' } });
  const text = await (await fetch(`${orders.url}/orders?user=42&limit=1`)).text();
  assert.match(text, /^\{"__proto__":\{"polluted":true\},"constructor":/);
  const body = JSON.parse(text);
  const [order] = body.orders;
  for (const each of [body, order, order.total, order.items[0].unitPrice]) {
    assert.ok(Object.hasOwn(each, '__proto__') && Object.hasOwn(each, 'constructor'));
  }
  const isPoison = (key: string) => key === '__proto__' || key === 'constructor';
  const clean = (key: string, value: unknown) => (isPoison(key) ? undefined : value);
  assert.deepEqual(JSON.parse(text, clean), right);
});

test('a redirect leads elsewhere, nowhere unless told', async () => {
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

test('a page of HTML comes with 200, or with the status asked for', async () => {
  await using users = await start(createUserService);
  for (const status of [undefined, 502]) {
    users.control.faults({ getUser: status ? { body: 'html', status } : { body: 'html' } });
    const response = await fetch(`${users.url}/users/42`);
    assert.equal(response.status, status ?? 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(await response.text(), /^<!doctype html>/);
  }
});

test('strange bodies come before the work, damaged ones after it', async () => {
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
