import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { CAST, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import { controlDeadlines, DEADLINE_MS } from '../support/deadline-control.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';

const DASHBOARD = readFileSync(new URL('Dashboard.graphql', mobile.operations), 'utf8');
const UPSTREAM_CALLS = [
  'announcements',
  'notificationsByUsers',
  'ordersByUsers',
  'unreadByUsers',
  'usersByIds',
];

describe('The mobile dashboard', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(mobile, { REQUEST_DEADLINE_MS: String(DEADLINE_MS) });
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const operations = () => environment.calls().map(({ operation }) => operation);

  it('returns all of its parts', async () => {
    const { body } = await environment.send(DASHBOARD, { as: CAST.customer });
    assert.equal(body.errors, undefined);
    const { user, orders, notifications, unreadCount, announcements } = body.data.dashboard;
    assert.equal(user.name, 'Amara Okafor');
    assert.equal(orders.length, 5);
    assert.deepEqual(Object.keys(orders[0]), ['id', 'status', 'placedAt', 'total', 'items']);
    assert.equal(notifications.length, 5);
    assert.equal(unreadCount, CUSTOMER_UNREAD);
    assert.equal(announcements.length, 12);
  });

  it('makes four upstream calls, and one for the announcements', async () => {
    await environment.send(DASHBOARD, { as: CAST.customer });
    assert.deepEqual(operations().sort(), UPSTREAM_CALLS);
  });

  it('makes all of its calls in one wave, without waiting for a response', async () => {
    // The first request loads the keys of the tokens.
    await environment.send('{ dashboard { unreadCount } }', { as: CAST.customer });
    environment.reset();
    for (const { control } of Object.values(environment.services)) {
      control.faults({ '*': { hang: true } });
    }
    using deadlines = controlDeadlines();
    const response = environment.send(DASHBOARD, { as: CAST.customer });
    await until(() => environment.calls().length === UPSTREAM_CALLS.length);
    deadlines.expire();
    const { body } = await response;
    assert.equal(body.errors.length, UPSTREAM_CALLS.length);
  });

  it('calls upstreams only for the requested parts', async () => {
    await environment.send('{ dashboard { unreadCount } }', { as: CAST.customer });
    assert.deepEqual(operations(), ['unreadByUsers']);
  });

  it('counts the unread among all notifications, not among those of the page', async () => {
    const query = '{ dashboard { notifications(first: 1) { id } unreadCount } }';
    const { body } = await environment.send(query, { as: CAST.customer });
    assert.equal(body.data.dashboard.notifications.length, 1);
    assert.equal(body.data.dashboard.unreadCount, CUSTOMER_UNREAD);
  });

  it('makes one call for the same list under two aliases, and one for each length', async () => {
    const query = `{ dashboard {
      a: orders(first: 3) { id } b: orders(first: 3) { id } c: orders(first: 2) { id }
    } }`;
    const { body } = await environment.send(query, { as: CAST.customer });
    const { a, b, c } = body.data.dashboard;
    assert.deepEqual([a.length, b.length, c.length], [3, 3, 2]);
    assert.deepEqual(
      environment
        .calls()
        .map(({ url }) => url)
        .sort(),
      ['/orders?users=42&limit=2', '/orders?users=42&limit=3'],
    );
  });

  it('returns empty lists, not null, to a user without data', async () => {
    const { body } = await environment.send(DASHBOARD, { as: CAST.noOrders });
    const { orders, notifications, unreadCount } = body.data.dashboard;
    assert.deepEqual(
      { orders, notifications, unreadCount },
      { orders: [], notifications: [], unreadCount: 0 },
    );
  });

  it('returns a deleted user as null without an error', async () => {
    const { body } = await environment.send('{ dashboard { user { id } } }', { as: CAST.deleted });
    assert.deepEqual(body, { data: { dashboard: { user: null } } });
  });

  it('returns names of every script unchanged', async () => {
    for (const id of [CAST.longName, CAST.rightToLeft, CAST.emoji]) {
      const { body } = await environment.send('{ dashboard { user { name } } }', { as: id });
      const { users } = await environment.read('user', `/users?ids=${id}`);
      assert.equal(body.data.dashboard.user.name, users[0].name);
    }
  });

  it('rejects a length outside of its range, and states the range', async () => {
    for (const first of [0, -1, 21]) {
      const query = `{ dashboard { orders(first: ${first}) { id } unreadCount } }`;
      const { status, body } = await environment.send(query, { as: CAST.customer });
      assert.equal(status, 200);
      assert.deepEqual(body.data.dashboard, { orders: null, unreadCount: CUSTOMER_UNREAD });
      const [error] = body.errors;
      assert.deepEqual(
        [error.path, error.extensions.code],
        [['dashboard', 'orders'], 'BAD_USER_INPUT'],
      );
      assert.equal(error.message, `"first" must be 1 to 20, not ${first}.`);
    }
  });

  it('rejects a length that is null at run time', async () => {
    const query = 'query ($n: Int) { dashboard { orders(first: $n) { id } unreadCount } }';
    const { body } = await environment.send(query, { as: CAST.customer, variables: { n: null } });
    assert.deepEqual(body.data.dashboard, { orders: null, unreadCount: CUSTOMER_UNREAD });
    assert.equal(body.errors[0].extensions.code, 'BAD_USER_INPUT');
    assert.equal(body.errors[0].message, '"first" must not be null.');
  });

  it('validates the id of a field beside it, also when the response is not cached', async () => {
    const query = '{ profile(id: "..") { name } dashboard { unreadCount } }';
    const { body } = await environment.send(query, { as: CAST.customer });
    assert.equal(body.errors[0].extensions.code, 'BAD_USER_INPUT');
    assert.deepEqual(operations(), ['unreadByUsers']);
  });
});
