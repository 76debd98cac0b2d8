import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { SEEDED_USERS } from '../../../services/support/cast.ts';
import {
  CACHED,
  hitsAmong,
  outcomeOf,
  type Queries,
  type Query,
  queriesAs,
  send,
  warmCache,
} from '../../cache/environment.ts';
import { assertNotStored, loseOutcome } from '../../cache/invalidation-helpers.ts';
import { shareCached, shareEnvironment } from '../../cache/shared-environment.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import {
  ACCOUNT,
  CUSTOMER,
  cancelOrder,
  DASHBOARD,
  markRead,
  NOTIFICATIONS,
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

// A mutation whose outcome is unknown, because the service's answer is lost, may or may not have
// been made. Its tags are quarantined: for 30 s, no answer with them is stored.

interface Case {
  readonly mutation: (environment: Environment, user: string) => Promise<Query> | Query;
  /** The queries whose answers the mutation may have changed. */
  readonly affected: (environment: Environment, user: string) => Promise<Queries> | Queries;
  readonly unaffected: (user: string) => Queries;
  /** Quarantines the orders of all users, so that it needs an environment of its own. */
  readonly isGlobal?: boolean;
}

const { orders, placed, cancelled, shipped } = ORDERS as Record<string, string>;
const pick = (queries: Record<string, string | undefined>) => queries as Record<string, string>;

const CASES: Readonly<Record<string, Case>> = {
  updateProfile: {
    mutation: (_environment, user) => rename(user),
    affected: (_environment, user) => ({ ...queriesAs(user, ACCOUNT), ...profileQuery(user) }),
    unaffected: (user) => ({
      ...queriesAs(user, { ...ORDERS, ...NOTIFICATIONS }),
      ...profileQuery(OTHER_CUSTOMER),
    }),
  },
  placeOrder: {
    mutation: (_environment, user) => placeOrder(user),
    affected: (_environment, user) => queriesAs(user, pick({ orders, placed })),
    unaffected: (user) => ({
      ...queriesAs(user, NOTIFICATIONS),
      ...queriesAs(OTHER_CUSTOMER, ORDERS),
    }),
  },
  cancelOrder: {
    mutation: async (environment, user) =>
      cancelOrder(await orderIdWithStatus(environment, user, 'placed'), user),
    affected: async (environment, user) => ({
      ...queriesAs(user, pick({ orders, placed, cancelled })),
      ...orderQueries(user, await orderIdWithStatus(environment, user, 'placed')),
    }),
    unaffected: (user) => ({
      ...queriesAs(user, pick({ shipped, ...NOTIFICATIONS })),
      ...queriesAs(OTHER_CUSTOMER, ORDERS),
    }),
  },
  'cancelOrder by staff': {
    mutation: async (environment, user) =>
      cancelOrder(await orderIdWithStatus(environment, user, 'placed'), 'staff'),
    affected: async (environment, user) => ({
      ...queriesAs(user, pick({ orders, placed, cancelled })),
      ...orderQueries(user, await orderIdWithStatus(environment, user, 'placed')),
    }),
    unaffected: (user) => ({ ...queriesAs(user, NOTIFICATIONS), ...profileQuery(user) }),
    // The BFF does not know whose order it is.
    isGlobal: true,
  },
  markNotificationsRead: {
    mutation: async (environment, user) => markRead(await unreadIds(environment, user, 2), user),
    affected: (_environment, user) => queriesAs(user, NOTIFICATIONS),
    unaffected: (user) => ({
      ...queriesAs(user, ORDERS),
      ...queriesAs(OTHER_CUSTOMER, NOTIFICATIONS),
    }),
  },
};

const WRITES = {
  user: ['updateUser'],
  order: ['placeOrder', 'cancelOrder'],
  notification: ['markRead'],
} as const;

/** Lets every write be made and its answer be lost. */
function failWrites({ services }: Environment) {
  const fault = { reset: true, afterWork: true };
  for (const [service, operations] of Object.entries(WRITES)) {
    const { control } = services[service as keyof typeof WRITES];
    control.faults(Object.fromEntries(operations.map((operation) => [operation, fault])));
  }
}

/** Larger than all ids with a special meaning. */
const FIRST_ID = 100;

/**
 * Ids of customers with an order that can be cancelled and unread notifications. Every test changes
 * the data of another one, because quarantines outlast it.
 */
async function* customersWithData(environment: Environment): AsyncGenerator<string, never> {
  for (let id = FIRST_ID; id <= SEEDED_USERS; id++) {
    const { orders } = await environment.read('order', `/orders?user=${id}&limit=1&status=placed`);
    if (orders.length === 0) continue;
    const unread = await unreadIds(environment, String(id), 2);
    if (unread.length === 2) yield String(id);
  }
  throw new Error('too few customers with data');
}

describe('Mutation with an unknown outcome', { concurrency: true }, () => {
  const shared = shareEnvironment(() => startEnvironment(web, CACHED));
  const customers = customersWithData(shared);
  before(() => failWrites(shared));

  async function assertQuarantine(
    environment: Environment,
    user: string,
    { mutation, affected, unaffected }: Case,
  ) {
    const sent = await mutation(environment, user);
    const queries = await affected(environment, user);
    const others = unaffected(user);
    await warmCache(environment, { ...queries, ...others });
    await loseOutcome(environment, sent);
    await assertNotStored(environment, queries);
    assert.deepEqual(await hitsAmong(environment, others), Object.keys(others));
  }

  for (const [name, each] of Object.entries(CASES)) {
    it(`keeps answers that ${name} may have changed out of the cache, and no others`, async () => {
      if (!each.isGlobal) return assertQuarantine(shared, (await customers.next()).value, each);
      await using environment = await startEnvironment(web, CACHED);
      failWrites(environment);
      await assertQuarantine(environment, CUSTOMER, each);
    });
  }
});

describe('Quarantine after an unknown outcome', () => {
  const environment = shareCached(web);
  const mobileEnvironment = shareCached(mobile);

  it('includes the lists of staff', async () => {
    await warmCache(environment, STAFF);
    environment.services.order.control.faults({ placeOrder: { reset: true, afterWork: true } });
    await loseOutcome(environment, placeOrder(OTHER_CUSTOMER));
    assert.equal((await hitsAmong(environment, STAFF)).includes('staff: recent orders'), false);
  });

  it('includes the mobile dashboard', async () => {
    const { dashboard, orders: list, account } = DASHBOARD as Record<string, string>;
    await warmCache(mobileEnvironment, queriesAs(CUSTOMER, DASHBOARD));
    const { control } = mobileEnvironment.services.order;
    control.faults({ placeOrder: { reset: true, afterWork: true } });
    await loseOutcome(mobileEnvironment, placeOrder());
    await assertNotStored(mobileEnvironment, queriesAs(CUSTOMER, pick({ dashboard, list })));
    const answer = await send(mobileEnvironment, { as: CUSTOMER, query: account ?? '' });
    assert.equal(outcomeOf(answer), 'hit');
  });
});
