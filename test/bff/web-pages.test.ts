import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import {
  CAST,
  CUSTOMER_NOTIFICATIONS,
  CUSTOMER_ORDERS,
  CUSTOMER_UNREAD,
} from '../../services/support/cast.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';

const ORDERS = `query ($first: Int! = 4, $after: String, $status: OrderStatus) {
  viewer { orders(first: $first, after: $after, status: $status) {
    edges { cursor node { id status placedAt } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}`;
const PLACE = `mutation ($key: ID!) { placeOrder(input: {
  idempotencyKey: $key, currency: "EUR", items: [{ sku: "PAPER-NOTE", quantity: 1 }]
}) { order { id } } }`;

describe('The web BFF', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(web);
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const operations = () => environment.calls().map(({ operation }) => operation);

  async function ordersOf(as: string, variables: Record<string, unknown>): Promise<Json> {
    const { body } = await environment.send(ORDERS, { as, variables });
    assert.equal(body.errors, undefined);
    return body.data.viewer.orders;
  }

  async function allOrders(as: string, between: () => Promise<unknown> = async () => {}) {
    const ids: string[] = [];
    let after: string | null = null;
    do {
      const { edges, pageInfo } = await ordersOf(as, { after });
      assert.equal(pageInfo.hasPreviousPage, after !== null);
      assert.equal(pageInfo.endCursor, edges.at(-1).cursor);
      assert.equal(pageInfo.startCursor, edges[0].cursor);
      ids.push(...edges.map((edge: Json) => edge.node.id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      await between();
    } while (after);
    return ids;
  }

  it('reads the viewer from the token, without a call', async () => {
    const { body } = await environment.send('{ viewer { id role } }', { as: 'staff' });
    assert.deepEqual(body.data.viewer, { id: CAST.staff, role: 'STAFF' });
    assert.deepEqual(operations(), []);
  });

  it('lists 50 recent orders, each with its customer, in two calls', async () => {
    const query = '{ recentOrders(first: 50) { customer { name } } }';
    const { body } = await environment.send(query, { as: 'staff' });
    assert.equal(body.errors, undefined);
    assert.equal(body.data.recentOrders.length, 50);
    assert.deepEqual(operations(), ['recentOrders', 'usersByIds']);
  });

  it('returns the customer of an order as null without an error if the account was deleted', async () => {
    const query = '{ recentOrders(first: 1) { id customer { name } } }';
    const { body } = await environment.send(query, { as: 'staff' });
    assert.equal(body.errors, undefined);
    assert.equal(body.data.recentOrders[0].customer, null);
  });

  it('batches the orders of many customers into one call', async () => {
    const query =
      '{ customers(first: 20) { edges { node { id orders(first: 2) { edges { node { id } } } } } } }';
    const { body } = await environment.send(query, { as: 'staff' });
    assert.equal(body.data.customers.edges.length, 20);
    assert.deepEqual(operations(), ['searchUsers', 'ordersByUsers']);
  });

  it('batches filtered orders too, and does not read the listed customers again', async () => {
    const query = `{ customers(first: 50) { edges { node {
      orders(first: 3, status: DELIVERED) { edges { node { status customer { name } } } } } } } }`;
    const { body } = await environment.send(query, { as: 'staff' });
    assert.equal(body.errors, undefined);
    assert.match(JSON.stringify(body.data), /DELIVERED/);
    assert.doesNotMatch(JSON.stringify(body.data), /PLACED|SHIPPED|CANCELLED/);
    assert.deepEqual(operations(), ['searchUsers', 'ordersByUsers']);
  });

  it('makes one call for the same field under several aliases', async () => {
    const query = `{ a: recentOrders(first: 2) { id } b: recentOrders(first: 2) { id }
      c: announcements { id } d: announcements { id } }`;
    await environment.send(query, { as: 'staff' });
    assert.deepEqual(operations().sort(), ['announcements', 'recentOrders']);
  });

  it('does not report an invalid cursor if none was sent', async () => {
    environment.services.user.control.faults({ searchUsers: { status: 400 } });
    const { body } = await environment.send('{ customers { edges { cursor } } }', { as: 'staff' });
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
  });

  it('rejects a cursor of another list', async () => {
    const page = '{ viewer { orders(first: 1) { pageInfo { endCursor } } } }';
    const { body } = await environment.send(page, { as: CAST.customer });
    const after = body.data.viewer.orders.pageInfo.endCursor;
    const other = `{ viewer { notifications(after: "${after}") { edges { cursor } } } }`;
    const response = await environment.send(other, { as: CAST.customer });
    assert.equal(response.body.errors[0].extensions.code, 'BAD_USER_INPUT');
  });

  it('rejects a search that is not valid Unicode', async () => {
    const query = 'query ($text: String) { customers(search: $text) { edges { cursor } } }';
    const { body } = await environment.send(query, { as: 'staff', variables: { text: '\ud800' } });
    assert.equal(body.errors[0].extensions.code, 'BAD_USER_INPUT');
  });

  it('pages through all orders, newest first, each once', async () => {
    const ids = await allOrders(CAST.customer);
    assert.equal(ids.length, CUSTOMER_ORDERS);
    const { orders } = await environment.read('order', `/orders?user=${CAST.customer}&limit=100`);
    assert.deepEqual(
      ids,
      orders.map(({ id }: Json) => id),
    );
  });

  it('repeats and skips no order when new ones are placed between two pages', async () => {
    const { orders } = await environment.read('order', `/orders?user=${CAST.manyOrders}&limit=100`);
    let key = 0;
    const ids = await allOrders(CAST.manyOrders, () =>
      environment.send(PLACE, { as: CAST.manyOrders, variables: { key: `between-${key++}` } }),
    );
    assert.deepEqual(
      ids,
      orders.map(({ id }: Json) => id),
    );
  });

  it('filters orders by status', async () => {
    const { edges } = await ordersOf(CAST.customer, { status: 'DELIVERED', first: 50 });
    assert.ok(edges.length > 0 && edges.length < CUSTOMER_ORDERS);
    assert.ok(edges.every((edge: Json) => edge.node.status === 'DELIVERED'));
  });

  it('pages through all notifications or only the unread', async () => {
    const query = `query ($only: Boolean!) { viewer { unreadCount
      notifications(first: 50, unreadOnly: $only) { edges { node { readAt } } } } }`;
    const all = await environment.send(query, { as: CAST.customer, variables: { only: false } });
    const unread = await environment.send(query, { as: CAST.customer, variables: { only: true } });
    assert.equal(all.body.data.viewer.notifications.edges.length, CUSTOMER_NOTIFICATIONS);
    assert.equal(unread.body.data.viewer.notifications.edges.length, CUSTOMER_UNREAD);
    assert.equal(unread.body.data.viewer.unreadCount, CUSTOMER_UNREAD);
  });

  it('finds customers by name, page by page', async () => {
    const query = `query ($after: String) { customers(search: "an", first: 10, after: $after) {
      edges { node { name email } } pageInfo { hasNextPage endCursor } } }`;
    const first = (await environment.send(query, { as: 'staff' })).body.data.customers;
    const after = first.pageInfo.endCursor;
    const second = (await environment.send(query, { as: 'staff', variables: { after } })).body.data
      .customers;
    const found = [...first.edges, ...second.edges].map((edge: Json) => edge.node);
    assert.equal(found.length, 20);
    assert.ok(found.every(({ name, email }) => /an/i.test(name + email)));
    assert.equal(new Set(found.map(({ email }) => email)).size, found.length);
  });

  it('rejects invalid cursors, lengths and searches, and says how to correct each', async () => {
    const invalid: [field: string, message: RegExp][] = [
      ['viewer { orders(after: "zzzz") { edges { cursor } } }', /Use an endCursor/],
      ['viewer { orders(after: "../x?y") { edges { cursor } } }', /Use an endCursor/],
      ['viewer { notifications(after: "zzzz") { edges { cursor } } }', /Use an endCursor/],
      ['customers(after: "zzzz") { edges { cursor } }', /Use an endCursor/],
      ['viewer { orders(first: 51) { edges { cursor } } }', /1 to 50, not 51/],
      ['viewer { notifications(first: 0) { edges { cursor } } }', /1 to 50, not 0/],
      ['recentOrders(first: 100) { id }', /1 to 50, not 100/],
      ['customers(first: -1) { edges { cursor } }', /1 to 50, not -1/],
      [`customers(search: "${'x'.repeat(101)}") { edges { cursor } }`, /at most 100 characters/],
    ];
    for (const [field, message] of invalid) {
      const { status, body } = await environment.send(`{ ${field} }`, { as: 'staff' });
      assert.equal(status, 200, field);
      assert.equal(body.errors?.length, 1, field);
      assert.equal(body.errors[0].extensions.code, 'BAD_USER_INPUT', field);
      assert.match(body.errors[0].message, message, field);
    }
  });

  it("returns the same NOT_FOUND for a missing order and another's", async () => {
    const { orders } = await environment.read('order', `/orders?user=${CAST.otherCustomer}`);
    const errors = [];
    for (const id of [orders[0].id, 'missing']) {
      const query = 'query ($id: ID!) { order(id: $id) { id } }';
      const { body } = await environment.send(query, { as: CAST.customer, variables: { id } });
      assert.deepEqual(body.data, { order: null });
      const { requestId: _, ...extensions } = body.errors[0].extensions;
      errors.push({ ...body.errors[0], extensions });
    }
    assert.deepEqual(errors[0], errors[1]);
    assert.equal(errors[0].extensions.code, 'NOT_FOUND');
  });
});
