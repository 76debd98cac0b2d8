import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createOrderService } from '../../services/order/service.ts';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';
import { head, type Running, start } from './client.ts';

const order = { userId: '42', currency: 'EUR', items: [{ sku: 'CUP-STONE', quantity: 2 }] };
const key = { 'idempotency-key': 'k' };
const isReset = { code: 'ECONNRESET' };

async function lastEnded(service: Running) {
  const last = () => service.control.requests().recent.at(-1);
  await until(() => last()?.endedAt !== null);
  return last();
}

test('a reset comes instead of an answer, before the work or after it', async () => {
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

test('a body cut in half hangs until the client leaves', async () => {
  await using users = await start(createUserService);
  const whole = await (await fetch(`${users.url}/users/1`)).text();
  users.control.faults({ getUser: { cutBody: 'hang' } });
  const response = await head(`${users.url}/users/1`);
  assert.equal(response.statusCode, 200);
  assert.equal(response.headers['content-length'], String(Buffer.byteLength(whole)));
  const [half] = await once(response, 'data');
  assert.equal(String(half), whole.slice(0, Math.floor(whole.length / 2)));
  const entry = users.control.requests().recent.at(-1);
  assert.deepEqual([entry?.endedAt, entry?.aborted], [null, false]);
  response.destroy();
  assert.equal((await lastEnded(users))?.aborted, true);
});

test('a body cut in half is reset once the half has arrived', async () => {
  await using users = await start(createUserService);
  users.control.faults({ getUser: { cutBody: 'reset' } });
  const response = await head(`${users.url}/users/1`);
  const chunks: Buffer[] = [];
  response.on('data', (chunk) => chunks.push(chunk));
  await assert.rejects(text(response), isReset);
  const half = Buffer.concat(chunks).toString();
  assert.ok(half.startsWith('{"id":"1"') && !half.endsWith('}'), half);
});

test('a cut combines with a status, and then comes before the work', async () => {
  await using orders = await start(createOrderService);
  orders.control.faults({ placeOrder: { cutBody: 'reset', status: 502 } });
  await assert.rejects(orders.send('POST', '/orders', order, key), { name: 'TypeError' });
  assert.equal((await orders.get('/orders?user=42&limit=100')).body.orders.length, 23);
  orders.control.faults({ '*': { cutBody: 'reset', status: 502 } });
  const response = await head(`${orders.url}/orders/1`);
  assert.equal(response.statusCode, 502);
  await assert.rejects(text(response), isReset);
});

test('who leaves is told from who is cut off, and from who was answered', async () => {
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

test('an answer that is still being sent does not hold up the end', async () => {
  const users = await start(createUserService);
  users.control.faults({ getUser: { cutBody: 'hang' }, usersByIds: { body: 'endless' } });
  const open = await Promise.all([head(`${users.url}/users/1`), head(`${users.url}/users?ids=1`)]);
  const ends = open.map((response) => assert.rejects(text(response)));
  await users[Symbol.asyncDispose]();
  await Promise.all(ends);
});
