import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOrderService } from '../../services/order/service.ts';
import { CAST, CUSTOMER_ORDERS, MANY_ORDERS } from '../../services/support/cast.ts';
import { byId, idsOf, start, walk } from './client.ts';

type Order = { id: string; status: string; placedAt: string; cursor: string };

const place = { userId: '42', currency: 'EUR', items: [{ sku: 'CUP-STONE', quantity: 2 }] };

test('an order is read by id, its total is the sum of its items', async () => {
  await using orders = await start(createOrderService);
  const { body: page } = await orders.get('/orders?user=42&limit=1');
  const [listed] = page.orders;
  const { status, body } = await orders.get(`/orders/${listed.id}`);
  assert.equal(status, 200);
  assert.deepEqual(body, listed);
  assert.deepEqual(Object.keys(body).sort(), [
    'carrier',
    'cursor',
    'id',
    'items',
    'placedAt',
    'status',
    'total',
    'userId',
  ]);
  let sum = 0;
  for (const { quantity, unitPrice } of body.items) {
    assert.equal(unitPrice.currency, body.total.currency);
    sum += quantity * unitPrice.amount;
  }
  assert.equal(body.total.amount, sum);
  assert.deepEqual(await orders.get('/orders/1'), { status: 404, body: { code: 'not_found' } });
});

test('a batch answers what exists, in another order than asked', async () => {
  await using orders = await start(createOrderService);
  const { body } = await orders.get('/orders?ids=10003,10001,1,10002,10001');
  assert.notDeepEqual(idsOf(body.orders), ['10003', '10001', '10002']);
  assert.deepEqual(idsOf(body.orders.sort(byId)), ['10001', '10002', '10003']);
});

test('pages of one user hold every order once, newest first, across equal times', async () => {
  await using orders = await start(createOrderService);
  for (const limit of [1, 4, 5, 7, 100]) {
    const all = (await walk(orders, `/orders?user=42&limit=${limit}`, 'orders')) as Order[];
    assert.equal(all.length, CUSTOMER_ORDERS);
    assert.equal(new Set(idsOf(all)).size, CUSTOMER_ORDERS);
    assert.ok(new Set(all.map(({ placedAt }) => placedAt)).size < CUSTOMER_ORDERS);
    const sorted = all.toSorted((a, b) => b.placedAt.localeCompare(a.placedAt) || byId(b, a));
    assert.deepEqual(idsOf(all), idsOf(sorted));
  }
  const many = await walk(orders, `/orders?user=${CAST.manyOrders}`, 'orders');
  assert.equal(many.length, MANY_ORDERS);
});

test('a status narrows the list and its pages', async () => {
  await using orders = await start(createOrderService);
  let total = 0;
  for (const status of ['placed', 'shipped', 'delivered', 'cancelled']) {
    const path = `/orders?user=42&status=${status}&limit=3`;
    const found = (await walk(orders, path, 'orders')) as Order[];
    assert.ok(found.length > 0);
    assert.ok(found.every((order) => order.status === status));
    total += found.length;
  }
  assert.equal(total, CUSTOMER_ORDERS);
});

test('cursors stay where they are when orders are placed and cancelled between pages', async () => {
  await using orders = await start(createOrderService);
  const all = (await orders.get('/orders?user=42&limit=100')).body.orders as Order[];
  const first = await orders.get('/orders?user=42&limit=4');
  await orders.send('POST', '/orders', place, { 'idempotency-key': 'between' });
  await orders.send('POST', `/orders/${all[0]?.id}/cancel`);
  const second = await orders.get(`/orders?user=42&limit=4&cursor=${first.body.nextCursor}`);
  assert.deepEqual(idsOf(second.body.orders), idsOf(all.slice(4, 8)));
  const { body: cancelled } = await orders.get(`/orders/${all[0]?.id}`);
  assert.equal(cancelled.cursor, all[0]?.cursor);
});

test('lists of several users hold one list for each, empty if there is nothing', async () => {
  await using orders = await start(createOrderService);
  const { body } = await orders.get('/orders?users=42,7,nobody,43,42&limit=5');
  const lists = new Map<string, { orders: Order[]; nextCursor: string | null }>(
    body.lists.map((list: { userId: string }) => [list.userId, list]),
  );
  assert.equal(body.lists.length, 4);
  assert.deepEqual(lists.get('7'), { userId: '7', orders: [], nextCursor: null });
  assert.deepEqual(lists.get('nobody')?.orders, []);
  const { body: page } = await orders.get('/orders?user=42&limit=5');
  assert.deepEqual(lists.get('42'), { userId: '42', ...page });
});

test('recent orders are the newest of all, a deleted customer among them', async () => {
  await using orders = await start(createOrderService);
  const { body } = await orders.get('/orders?recent=50');
  assert.equal(body.orders.length, 50);
  const times = body.orders.map((order: Order) => order.placedAt);
  assert.deepEqual(times, times.toSorted().reverse());
  assert.ok(body.orders.some(({ userId }: { userId: string }) => userId === CAST.deleted));
});

test('a placed order can be cancelled, twice; one that has left cannot', async () => {
  await using orders = await start(createOrderService);
  const { body } = await orders.get('/orders?user=42&limit=4');
  const [placed, shipped, delivered, cancelled] = body.orders;
  const expected = { ...placed, status: 'cancelled' };
  for (let time = 0; time < 2; time += 1) {
    const answer = await orders.send('POST', `/orders/${placed.id}/cancel`);
    assert.deepEqual(answer, { status: 200, body: expected });
  }
  assert.equal((await orders.send('POST', `/orders/${cancelled.id}/cancel`, '')).status, 200);
  for (const { id } of [shipped, delivered]) {
    assert.deepEqual(await orders.send('POST', `/orders/${id}/cancel`), {
      status: 409,
      body: { code: 'not_cancellable' },
    });
  }
  assert.equal((await orders.send('POST', '/orders/1/cancel')).status, 404);
});

test('exactly one parameter selects the list; others are refused', async () => {
  await using orders = await start(createOrderService);
  const wrong: [query: string, ...fields: string[]][] = [
    ['', 'ids|user|users|recent'],
    ['limit=3', 'ids|user|users|recent'],
    ['ids=10001&user=42', 'ids', 'user'],
    ['user=42&users=43', 'user', 'users'],
    ['recent=5&limit=5', 'limit'],
    ['recent=0', 'recent'],
    ['recent=101', 'recent'],
    ['users=42&cursor=x', 'cursor'],
    ['user=42&status=lost', 'status'],
    ['user=', 'user'],
  ];
  for (const [query, ...fields] of wrong) {
    const { status, body } = await orders.get(`/orders?${query}`);
    assert.deepEqual([status, body.code], [400, 'invalid'], query);
    assert.deepEqual(
      body.errors.map(({ field }: { field: string }) => field),
      fields,
    );
  }
  for (const cursor of ['x', '', 'W10', 'WyJhIiwxXQ', 'WzEsMiwzXQ', 'WzEsMl0=']) {
    assert.deepEqual(await orders.get(`/orders?user=42&cursor=${cursor}`), {
      status: 400,
      body: { code: 'invalid', errors: [{ field: 'cursor', code: 'malformed' }] },
    });
  }
});
