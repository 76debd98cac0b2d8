import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import {
  hitsAmong,
  type Queries,
  type Query,
  queriesAs,
  send,
  warmCache,
} from '../../cache/environment.ts';
import { assertRefused } from '../../cache/invalidation-helpers.ts';
import { shareCached } from '../../cache/shared-environment.ts';
import type { Environment, Json } from '../../support/environment.ts';
import {
  ACCOUNT,
  CUSTOMER,
  cancelOrder,
  DASHBOARD,
  markRead,
  NOTIFICATIONS,
  nextPageQuery,
  ORDERS,
  OTHER_CUSTOMER,
  orderIdWithStatus,
  orderQueries,
  placeOrder,
  profileQuery,
  rename,
  STAFF,
  unreadIds,
} from './queries.ts';

/** Sends a mutation, and asserts that it succeeds. */
async function change(environment: Environment, mutation: Query): Promise<void> {
  const { body } = await send(environment, mutation);
  assert.equal(body.errors, undefined, JSON.stringify(body.errors));
  const [payload] = Object.values<Json>(body.data);
  assert.deepEqual(payload.userErrors, []);
}

/** Warms the cache and sends a mutation. @returns the queries that are still hits */
async function hitsAfter(
  environment: Environment,
  copies: Queries,
  mutation: Query,
): Promise<string[]> {
  await warmCache(environment, copies);
  await change(environment, mutation);
  return hitsAmong(environment, copies);
}

describe('Mutation through the web BFF', () => {
  const environment = shareCached(web);

  it('updateProfile makes the answers with the profile stale before its answer, and no others', async () => {
    const copies = {
      ...queriesAs(CUSTOMER, { ...ACCOUNT, ...ORDERS, ...NOTIFICATIONS }),
      ...queriesAs(OTHER_CUSTOMER, ACCOUNT),
      ...STAFF,
      ...profileQuery(CUSTOMER),
      ...profileQuery(OTHER_CUSTOMER),
    };
    assert.deepEqual(await hitsAfter(environment, copies, rename()), [
      ...Object.keys(queriesAs(CUSTOMER, { ...ORDERS, ...NOTIFICATIONS })),
      ...Object.keys(queriesAs(OTHER_CUSTOMER, ACCOUNT)),
      'staff: recent orders',
      `profile ${OTHER_CUSTOMER}`,
    ]);
  });

  it('placeOrder makes the user’s order lists stale before its answer, and nothing of other users', async () => {
    const { placed, orders, 'the first orders': first } = ORDERS as Record<string, string>;
    const lists = { placed, orders, first } as Record<string, string>;
    const unaffected = {
      ...queriesAs(CUSTOMER, { ...NOTIFICATIONS, account: ACCOUNT.account ?? '' }),
      ...queriesAs(OTHER_CUSTOMER, { ...ORDERS, ...NOTIFICATIONS, ...ACCOUNT }),
      ...profileQuery(CUSTOMER),
    };
    const own = {
      ...queriesAs(CUSTOMER, lists),
      ...(await nextPageQuery(environment, CUSTOMER)),
      ...STAFF,
    };
    assert.deepEqual(await hitsAfter(environment, { ...own, ...unaffected }, placeOrder()), [
      'staff: customers',
      'staff: customers by search',
      ...Object.keys(unaffected),
    ]);
  });

  it('cancelOrder makes the order and the lists that it leaves or enters stale before its answer', async () => {
    const id = await orderIdWithStatus(environment, CUSTOMER, 'placed');
    const other = orderQueries(CUSTOMER, await orderIdWithStatus(environment, CUSTOMER, 'shipped'));
    const unaffected = {
      ...(await nextPageQuery(environment, CUSTOMER)),
      ...other,
      ...queriesAs(CUSTOMER, NOTIFICATIONS),
      ...queriesAs(OTHER_CUSTOMER, { ...ORDERS, ...ACCOUNT }),
    };
    const copies = { ...queriesAs(CUSTOMER, ORDERS), ...orderQueries(CUSTOMER, id), ...unaffected };
    assert.deepEqual(await hitsAfter(environment, copies, cancelOrder(id)), [
      `${CUSTOMER}: shipped`,
      ...Object.keys(unaffected),
    ]);
  });

  it('cancelOrder by staff makes the answers of the customer stale before its answer', async () => {
    const id = await orderIdWithStatus(environment, OTHER_CUSTOMER, 'placed');
    const copies = {
      ...queriesAs(OTHER_CUSTOMER, ORDERS),
      ...orderQueries(OTHER_CUSTOMER, id),
      ...queriesAs(CUSTOMER, ORDERS),
    };
    assert.deepEqual(await hitsAfter(environment, copies, cancelOrder(id, 'staff')), [
      `${OTHER_CUSTOMER}: shipped`,
      ...Object.keys(queriesAs(CUSTOMER, ORDERS)),
    ]);
  });

  it('markNotificationsRead makes notifications stale before its answer, and no orders or account', async () => {
    const unaffected = {
      ...queriesAs(CUSTOMER, { ...ORDERS, ...ACCOUNT }),
      ...queriesAs(OTHER_CUSTOMER, NOTIFICATIONS),
    };
    const copies = { ...queriesAs(CUSTOMER, NOTIFICATIONS), ...unaffected };
    const ids = await unreadIds(environment, CUSTOMER, 2);
    assert.deepEqual(await hitsAfter(environment, copies, markRead(ids)), Object.keys(unaffected));
  });
});

describe('Mutation through the mobile BFF', () => {
  const environment = shareCached(mobile);
  const unaffected = queriesAs(OTHER_CUSTOMER, DASHBOARD);
  const copies = { ...queriesAs(CUSTOMER, DASHBOARD), ...unaffected };
  const hits = (...names: string[]) => [
    ...names.map((name) => `${CUSTOMER}: ${name}`),
    ...Object.keys(unaffected),
  ];

  it('updateProfile makes the answers with the profile stale before its answer', async () => {
    const all = { ...copies, ...profileQuery(CUSTOMER) };
    const actual = await hitsAfter(environment, all, rename());
    assert.deepEqual(actual, hits('orders', 'notifications', 'unread count'));
  });

  it('placeOrder makes the answers with orders stale before its answer', async () => {
    const actual = await hitsAfter(environment, copies, placeOrder());
    assert.deepEqual(actual, hits('account', 'notifications', 'unread count'));
  });

  it('cancelOrder makes the answers with orders stale before its answer', async () => {
    const id = await orderIdWithStatus(environment, CUSTOMER, 'placed');
    const actual = await hitsAfter(environment, copies, cancelOrder(id));
    assert.deepEqual(actual, hits('account', 'notifications', 'unread count'));
  });

  it('markNotificationsRead makes the answers with notifications stale before its answer', async () => {
    const ids = await unreadIds(environment, CUSTOMER, 1);
    const actual = await hitsAfter(environment, copies, markRead(ids));
    assert.deepEqual(actual, hits('account', 'orders'));
  });
});

const { orders, placed } = ORDERS as Record<string, string>;
const ALL_QUERIES: Queries = {
  ...queriesAs(CUSTOMER, { ...ACCOUNT, ...NOTIFICATIONS, orders, placed } as Record<
    string,
    string
  >),
  ...queriesAs(OTHER_CUSTOMER, { ...NOTIFICATIONS, orders } as Record<string, string>),
  ...STAFF,
  ...profileQuery(CUSTOMER),
};

describe('Refused mutation', () => {
  const environment = shareCached(web);
  const refusals: Record<
    string,
    [code: string, mutation: (environment: Environment) => Promise<Query> | Query]
  > = {
    'a blank name': ['BLANK', () => rename(CUSTOMER, ' ')],
    'an unknown product': ['UNKNOWN_SKU', () => placeOrder(CUSTOMER, 'NO-SUCH')],
    'an invalid idempotency key': [
      'INVALID',
      () => ({
        ...placeOrder(),
        variables: { input: { idempotencyKey: 'a key', currency: 'EUR', items: [] } },
      }),
    ],
    'an order that has been shipped': [
      'NOT_CANCELLABLE',
      async (environment) => cancelOrder(await orderIdWithStatus(environment, CUSTOMER, 'shipped')),
    ],
    'an order of another user': [
      'NOT_FOUND',
      async (environment) =>
        cancelOrder(await orderIdWithStatus(environment, CAST.manyOrders, 'placed')),
    ],
    'an order that does not exist': ['NOT_FOUND', () => cancelOrder('999999')],
    'an order that does not exist, cancelled by staff': [
      'NOT_FOUND',
      () => cancelOrder('999999', 'staff'),
    ],
    'a deleted account': ['NOT_FOUND', () => rename(CAST.deleted)],
    'a notification of another user': [
      'NOT_FOUND',
      async (environment) => markRead(await unreadIds(environment, OTHER_CUSTOMER, 1)),
    ],
    'an empty list of notifications': ['BAD_USER_INPUT', () => markRead([])],
    'an argument of a wrong type': [
      'BAD_USER_INPUT',
      () => ({ ...rename(), variables: { input: 7 } }),
    ],
    'an anonymous viewer': ['UNAUTHENTICATED', () => rename('anonymous')],
  };
  for (const [label, [code, mutation]] of Object.entries(refusals)) {
    it(`leaves the cache as it is: ${label}`, async () => {
      await assertRefused(environment, ALL_QUERIES, await mutation(environment), code);
    });
  }

  it('leaves the cache as it is if the service refuses all requests', async () => {
    environment.services.order.control.faults({ placeOrder: { status: 429 } });
    await assertRefused(environment, ALL_QUERIES, placeOrder(), 'UPSTREAM_UNAVAILABLE');
  });

  it('leaves the answers about the refused items in the cache if it is refused in part', async () => {
    const ofOtherUser = queriesAs(OTHER_CUSTOMER, NOTIFICATIONS);
    await warmCache(environment, ofOtherUser);
    const ids = [
      ...(await unreadIds(environment, CUSTOMER, 1)),
      ...(await unreadIds(environment, OTHER_CUSTOMER, 1)),
    ];
    const { body } = await send(environment, markRead(ids));
    assert.equal(body.data.markNotificationsRead.notifications.length, 1);
    assert.deepEqual(await hitsAmong(environment, ofOtherUser), Object.keys(ofOtherUser));
  });
});

describe('New object', () => {
  const environment = shareCached(web);
  const NO_ORDERS = CAST.noOrders;

  it('appears in lists that were empty: the first order of a user', async () => {
    const copies = queriesAs(NO_ORDERS, ORDERS);
    await warmCache(environment, copies);
    const { data } = (await send(environment, placeOrder(NO_ORDERS))).body;
    await hitsAmong(environment, copies);
    const { body } = await environment.send(placed ?? '', { as: NO_ORDERS });
    const [edge] = body.data.viewer.orders.edges;
    assert.equal(edge.node.id, data.placeOrder.order.id);
  });

  it('appears in lists that were empty: the first cancelled order of a user', async () => {
    const { data } = (await send(environment, placeOrder(NO_ORDERS))).body;
    const copies = queriesAs(NO_ORDERS, { cancelled: ORDERS.cancelled ?? '' });
    await warmCache(environment, copies);
    await send(environment, cancelOrder(data.placeOrder.order.id, NO_ORDERS));
    assert.deepEqual(await hitsAmong(environment, copies), []);
  });
});
