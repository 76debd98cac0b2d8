import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE } from '../../services/order/catalogue.ts';
import { createOrderService } from '../../services/order/service.ts';
import { idsOf, type Running, start } from './client.ts';

const body = {
  userId: '42',
  currency: 'JPY',
  items: [
    { sku: 'COF-BEANS', quantity: 3 },
    { sku: 'CUP-STONE', quantity: 1 },
  ],
};

const place = (orders: Running, order: unknown, key = 'key-1') =>
  orders.send('POST', '/orders', order, { 'idempotency-key': key });

test('an order is placed at the catalogue price and tops the lists', async () => {
  await using orders = await start(createOrderService, { now: () => Date.UTC(2026, 6, 1) });
  const { status, body: order } = await place(orders, body);
  assert.equal(status, 201);
  assert.deepEqual(
    [order.status, order.userId, order.carrier, order.placedAt],
    ['placed', '42', null, '2026-07-01T00:00:00.000Z'],
  );
  const price = CATALOGUE.find(({ sku }) => sku === 'COF-BEANS')?.prices.JPY ?? 0;
  assert.deepEqual(order.items[0].unitPrice, { amount: price, currency: 'JPY' });
  const { body: page } = await orders.get('/orders?user=42&limit=1');
  assert.deepEqual(page.orders, [order]);
  const { body: recent } = await orders.get('/orders?recent=1');
  assert.deepEqual(recent.orders, [order]);
});

test('a new order comes first even when the clock is behind the seed', async () => {
  await using orders = await start(createOrderService, { now: () => 0 });
  const { body: order } = await place(orders, body);
  const { body: recent } = await orders.get('/orders?recent=2');
  assert.deepEqual(recent.orders[0], order);
  assert.equal(recent.orders[1].placedAt, order.placedAt);
});

test('twenty equal posts at once place one order', async () => {
  await using orders = await start(createOrderService);
  const answers = await Promise.all(Array.from({ length: 20 }, () => place(orders, body)));
  assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [...Array(19).fill(200), 201]);
  const { body: page } = await orders.get('/orders?user=42&limit=100');
  assert.equal(page.orders.length, 24);
});

test('a key is taken again only for the same body, and each user has their own keys', async () => {
  await using orders = await start(createOrderService);
  const { body: first } = await place(orders, body);
  const reordered = { items: body.items, currency: 'JPY', userId: '42' };
  assert.deepEqual(await place(orders, reordered), { status: 200, body: first });
  for (const other of [
    { ...body, currency: 'EUR' },
    { ...body, items: body.items.slice(1) },
  ]) {
    assert.deepEqual(await place(orders, other), {
      status: 409,
      body: { code: 'idempotency_key_reused' },
    });
  }
  const { status, body: others } = await place(orders, { ...body, userId: '43' });
  assert.deepEqual([status, others.userId], [201, '43']);
  assert.equal((await place(orders, body, 'key-2')).status, 201);
});

test('a repeated post answers the order as it is now', async () => {
  await using orders = await start(createOrderService);
  const { body: order } = await place(orders, body);
  await orders.send('POST', `/orders/${order.id}/cancel`);
  const again = await place(orders, body);
  assert.deepEqual([again.status, again.body.status], [200, 'cancelled']);
});

test('a refused order does not use up its key', async () => {
  await using orders = await start(createOrderService);
  assert.equal((await place(orders, { ...body, items: [] })).status, 422);
  assert.equal((await place(orders, body)).status, 201);
});

test('the idempotency key is required and must be plain', async () => {
  await using orders = await start(createOrderService);
  for (const [headers, code] of [
    [{}, 'missing'],
    [{ 'idempotency-key': 'a b' }, 'malformed'],
    [{ 'idempotency-key': 'k'.repeat(256) }, 'malformed'],
  ] as const) {
    const answer = await orders.send('POST', '/orders', body, headers);
    const errors = [{ field: 'Idempotency-Key', code }];
    assert.deepEqual(answer, { status: 400, body: { code: 'invalid', errors } });
  }
});

test('every mistake of an order is named', async () => {
  await using orders = await start(createOrderService);
  const item = { sku: 'CUP-STONE', quantity: 1 };
  const wrong: [change: object, ...errors: [field: string, code: string][]][] = [
    [{ items: [] }, ['items', 'empty']],
    [{ items: Array(21).fill(item) }, ['items', 'too_many']],
    [{ items: item }, ['items', 'wrong_type']],
    [{ items: undefined }, ['items', 'missing']],
    [{ currency: 'XAU' }, ['currency', 'unknown_currency']],
    [{ userId: '' }, ['userId', 'malformed']],
    [{ total: 1 }, ['total', 'unknown_field']],
    [
      { items: [{ sku: 'NOPE', quantity: 0 }, item, { ...item, quantity: 100 }] },
      ['items.0.sku', 'unknown'],
      ['items.0.quantity', 'out_of_range'],
      ['items.2.quantity', 'out_of_range'],
    ],
    [{ items: [{ ...item, quantity: 1.5 }] }, ['items.0.quantity', 'wrong_type']],
  ];
  const before = idsOf((await orders.get('/orders?recent=1')).body.orders);
  for (const [change, ...errors] of wrong) {
    const answer = await place(orders, { ...body, ...change });
    const expected = errors.map(([field, code]) => ({ field, code }));
    assert.deepEqual(answer, { status: 422, body: { code: 'invalid', errors: expected } });
  }
  assert.deepEqual(idsOf((await orders.get('/orders?recent=1')).body.orders), before);
});
