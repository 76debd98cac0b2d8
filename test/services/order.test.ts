import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CATALOGUE } from '../../services/order/catalogue.ts';
import { createOrderService } from '../../services/order/service.ts';
import { CAST, CUSTOMER_ORDERS, MANY_ORDERS } from '../../services/support/cast.ts';
import { byId, idsOf, type Running, readPages, start } from './harness.ts';

describe('Order service', () => {
  type Order = { id: string; status: string; placedAt: string; cursor: string };

  const place = { userId: '42', currency: 'EUR', items: [{ sku: 'CUP-STONE', quantity: 2 }] };

  it('returns an order whose total is the sum of its items', async () => {
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

  it('returns a batch of the existing orders in another order than requested', async () => {
    await using orders = await start(createOrderService);
    const { body } = await orders.get('/orders?ids=10003,10001,1,10002,10001');
    assert.notDeepEqual(idsOf(body.orders), ['10003', '10001', '10002']);
    assert.deepEqual(idsOf(body.orders.sort(byId)), ['10001', '10002', '10003']);
  });

  it('pages through each order of a user once, newest first, across equal times', async () => {
    await using orders = await start(createOrderService);
    for (const limit of [1, 4, 5, 7, 100]) {
      const all = (await readPages(orders, `/orders?user=42&limit=${limit}`, 'orders')) as Order[];
      assert.equal(all.length, CUSTOMER_ORDERS);
      assert.equal(new Set(idsOf(all)).size, CUSTOMER_ORDERS);
      assert.ok(new Set(all.map(({ placedAt }) => placedAt)).size < CUSTOMER_ORDERS);
      const sorted = all.toSorted((a, b) => b.placedAt.localeCompare(a.placedAt) || byId(b, a));
      assert.deepEqual(idsOf(all), idsOf(sorted));
    }
    const many = await readPages(orders, `/orders?user=${CAST.manyOrders}`, 'orders');
    assert.equal(many.length, MANY_ORDERS);
  });

  it('filters a list and its pages by status', async () => {
    await using orders = await start(createOrderService);
    let total = 0;
    for (const status of ['placed', 'shipped', 'delivered', 'cancelled']) {
      const path = `/orders?user=42&status=${status}&limit=3`;
      const found = (await readPages(orders, path, 'orders')) as Order[];
      assert.ok(found.length > 0);
      assert.ok(found.every((order) => order.status === status));
      total += found.length;
    }
    assert.equal(total, CUSTOMER_ORDERS);
  });

  it('keeps cursors valid when orders are placed and cancelled between pages', async () => {
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

  it('returns one list for each of several users, empty if there is none', async () => {
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

  it('returns the newest orders of all users, including a deleted customer’s', async () => {
    await using orders = await start(createOrderService);
    const { body } = await orders.get('/orders?recent=50');
    assert.equal(body.orders.length, 50);
    const times = body.orders.map((order: Order) => order.placedAt);
    assert.deepEqual(times, times.toSorted().reverse());
    assert.ok(body.orders.some(({ userId }: { userId: string }) => userId === CAST.deleted));
  });

  it('cancels a placed order, also twice, but not a shipped one', async () => {
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

  it('requires exactly one parameter that selects the list', async () => {
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
});

describe('Placing an order', () => {
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

  it('uses the catalogue price and puts the order first in the lists', async () => {
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

  it('puts the order first even if the clock is behind the seed', async () => {
    await using orders = await start(createOrderService, { now: () => 0 });
    const { body: order } = await place(orders, body);
    const { body: recent } = await orders.get('/orders?recent=2');
    assert.deepEqual(recent.orders[0], order);
    assert.equal(recent.orders[1].placedAt, order.placedAt);
  });

  it('creates one order for twenty concurrent equal requests', async () => {
    await using orders = await start(createOrderService);
    const answers = await Promise.all(Array.from({ length: 20 }, () => place(orders, body)));
    assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [...Array(19).fill(200), 201]);
    const { body: page } = await orders.get('/orders?user=42&limit=100');
    assert.equal(page.orders.length, 24);
  });

  it('accepts a key again only with the same body, separately for each user', async () => {
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

  it('returns the current order for a repeated request', async () => {
    await using orders = await start(createOrderService);
    const { body: order } = await place(orders, body);
    await orders.send('POST', `/orders/${order.id}/cancel`);
    const again = await place(orders, body);
    assert.deepEqual([again.status, again.body.status], [200, 'cancelled']);
  });

  it('keeps the key of a refused order usable', async () => {
    await using orders = await start(createOrderService);
    assert.equal((await place(orders, { ...body, items: [] })).status, 422);
    assert.equal((await place(orders, body)).status, 201);
  });

  it('requires an idempotency key of visible ASCII characters', async () => {
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

  it('names every invalid field', async () => {
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
});
