import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import type { Environment, RequestOptions } from '../support/environment.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import {
  assertCached,
  hitsAmong,
  outcomeOf,
  type Queries,
  queriesAs,
  warmCache,
} from './environment.ts';
import {
  ACCOUNT,
  CUSTOMER,
  DASHBOARD,
  NOTIFICATIONS,
  nextPageQuery,
  ORDERS,
  OTHER_CUSTOMER,
  orderIdWithStatus,
  orderQueries,
  profileQuery,
  STAFF,
  unreadIds,
} from './queries.ts';
import { fakeClock, shareGated } from './shared-environment.ts';

const PROFILE = '{ profile(id: "42") { name } }';

async function isHit(
  environment: Environment,
  query: string,
  options: RequestOptions = {},
): Promise<boolean> {
  const { headers } = await environment.send(query, options);
  return (headers.get('cache-status') ?? '').includes('; hit;');
}

/** A query with tags that its answer has, and tags that it has not. */
interface Case extends RequestOptions {
  readonly query: string;
  readonly tags: readonly string[];
  readonly others: readonly string[];
}

const SHARED: readonly Case[] = [
  {
    query: PROFILE,
    tags: ['User:42', 'User', 'Query.profile'],
    others: ['User:4', 'User:420', 'user:42', 'Order:42', 'users', 'Query.announcements'],
  },
  {
    query: '{ announcements { id } }',
    tags: ['Announcement', 'Announcement:1', 'announcements', 'Query.announcements'],
    others: ['Announcement:999', 'Notification:1', 'Query.profile'],
  },
];
const WEB: readonly Case[] = [
  {
    query: '{ recentOrders(first: 2) { id } }',
    as: 'staff',
    tags: ['orders', 'orders:recent', 'Order', 'Query.recentOrders'],
    others: ['orders:user=42', 'Query.orders', 'User'],
  },
  {
    query: '{ viewer { orders(first: 2, status: PLACED) { edges { node { id } } } unreadCount } }',
    as: CAST.customer,
    tags: ['orders:user=42', 'orders:user=42&status=placed', 'unread:user=42', 'Query.viewer'],
    others: ['orders:user=43', 'orders:user=42&status=shipped', 'unread:user=43'],
  },
];
const MOBILE: readonly Case[] = [
  {
    query: '{ dashboard { user { name } notifications(first: 2) { id } } }',
    as: CAST.customer,
    tags: ['User:42', 'notifications:user=42', 'Notification', 'Query.dashboard'],
    others: ['User:43', 'notifications:user=43', 'notifications:user=42&unread', 'Order'],
  },
];

for (const [bff, own] of [
  [web, WEB],
  [mobile, MOBILE],
] as const) {
  describe(`Purge by tag (${bff.name} BFF)`, () => {
    const environment = shareGated(bff);

    it('makes answers with one of its tags stale, and no others', async () => {
      for (const { query, tags, others, ...options } of [...SHARED, ...own]) {
        await environment.send(query, options);
        await purge(environment, ...others);
        assert.ok(await isHit(environment, query, options), query);
        for (const tag of tags) {
          await purge(environment, 'Nothing', tag);
          assert.equal(await isHit(environment, query, options), false, `${query} ${tag}`);
          assert.ok(await isHit(environment, query, options), `${query} ${tag}`);
        }
      }
    });

    it('makes a change at a service visible', async () => {
      await environment.send(PROFILE);
      await environment.services.user.inject({
        method: 'PATCH',
        url: '/users/42',
        payload: { name: 'Someone Else' },
      });
      assert.ok(await isHit(environment, PROFILE));
      await purge(environment, 'User:42');
      assert.deepEqual((await environment.send(PROFILE)).body.data, {
        profile: { name: 'Someone Else' },
      });
    });

    it('prevents the purged answer from being served, also when its service is down', async (context) => {
      const pass = fakeClock(context);
      for (const seconds of [0, 310, 400]) {
        environment.services.user.control.clear();
        await until(async () => !(await environment.send(PROFILE)).body.errors);
        assert.ok(await isHit(environment, PROFILE));
        pass(seconds);
        environment.services.user.control.faults({ usersByIds: { status: 500 } });
        await purge(environment, 'User:42');
        const { headers, body } = await environment.send(PROFILE);
        assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
        assert.equal(headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
      }
    });

    it('keeps the result of an execution in progress out of the cache', async () => {
      const query = '{ announcements { title } }';
      const held = environment.gates.notification.hold(/^\/announcements/);
      const early = environment.send(query);
      await held.reaches(1);
      await purge(environment, 'announcements');
      const late = environment.send(query);
      await held.reaches(2);
      held.release();
      assert.equal(outcomeOf(await early), 'not stored');
      assert.equal((await early).headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
      assert.equal((await late).headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
      await assertCached(environment, { query }, await late);
    });
  });
}

interface ServiceChange {
  readonly service: keyof Environment['services'];
  readonly path: string;
  readonly method?: 'PATCH' | 'POST';
  readonly body?: object;
}

/** Makes a change at a service, without the BFF. */
async function changeAt(
  environment: Environment,
  { service, path, method = 'POST', body }: ServiceChange,
) {
  const response = await fetch(`${environment.services[service].listeningOrigin}${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(body ?? {}),
  });
  assert.ok(response.ok);
  await response.text();
}

const namesOf = (copies: Queries) => Object.keys(copies);
const { orders, placed, shipped } = ORDERS as Record<string, string>;
const lists = { orders, placed } as Record<string, string>;

describe('Change event of a service', () => {
  const environment = shareGated(web);
  const mobileEnvironment = shareGated(mobile);
  beforeEach(() => {
    for (const { adminUrl, services } of [environment, mobileEnvironment]) {
      for (const { control } of Object.values(services)) control.subscribe([`${adminUrl}/purge`]);
    }
  });

  const rename: ServiceChange = {
    service: 'user',
    path: `/users/${CUSTOMER}`,
    method: 'PATCH',
    body: { name: 'A Name Changed at the Service' },
  };
  const newOrder: ServiceChange = {
    service: 'order',
    path: '/orders',
    body: { userId: CUSTOMER, currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 1 }] },
  };

  it('makes all answers with a changed name stale, and no others', async () => {
    const others = {
      ...queriesAs(CUSTOMER, ORDERS),
      ...queriesAs(OTHER_CUSTOMER, ACCOUNT),
      ...profileQuery(OTHER_CUSTOMER),
    };
    const copies = { ...queriesAs(CUSTOMER, ACCOUNT), ...profileQuery(CUSTOMER), ...others };
    await warmCache(environment, copies);
    await changeAt(environment, rename);
    assert.deepEqual(await hitsAmong(environment, copies), namesOf(others));
  });

  it('makes all answers that list a new order stale, and no others', async () => {
    const others = { ...queriesAs(CUSTOMER, NOTIFICATIONS), ...queriesAs(OTHER_CUSTOMER, ORDERS) };
    const mine = { ...queriesAs(CUSTOMER, lists), ...(await nextPageQuery(environment, CUSTOMER)) };
    const copies = { ...STAFF, ...mine, ...others };
    await warmCache(environment, copies);
    await changeAt(environment, newOrder);
    assert.deepEqual(await hitsAmong(environment, copies), [
      'staff: customers',
      'staff: customers by search',
      ...namesOf(others),
    ]);
  });

  it('makes all answers with a cancelled order stale, and no others', async () => {
    const id = await orderIdWithStatus(environment, CUSTOMER, 'placed');
    const others = {
      ...queriesAs(CUSTOMER, { shipped } as Record<string, string>),
      ...queriesAs(OTHER_CUSTOMER, ORDERS),
    };
    const copies = { ...queriesAs(CUSTOMER, lists), ...orderQueries(CUSTOMER, id), ...others };
    await warmCache(environment, copies);
    await changeAt(environment, { service: 'order', path: `/orders/${id}/cancel` });
    assert.deepEqual(await hitsAmong(environment, copies), namesOf(others));
  });

  it('makes all answers with read notifications stale, and no others', async () => {
    const others = { ...queriesAs(CUSTOMER, ORDERS), ...queriesAs(OTHER_CUSTOMER, NOTIFICATIONS) };
    const copies = { ...queriesAs(CUSTOMER, NOTIFICATIONS), ...others };
    await warmCache(environment, copies);
    const ids = await unreadIds(environment, CUSTOMER, 2);
    const body = { userId: CUSTOMER, ids };
    await changeAt(environment, { service: 'notification', path: '/notifications/read', body });
    assert.deepEqual(await hitsAmong(environment, copies), namesOf(others));
  });

  it('makes the mobile dashboard stale', async () => {
    const copies = { ...queriesAs(CUSTOMER, DASHBOARD), ...queriesAs(OTHER_CUSTOMER, DASHBOARD) };
    await warmCache(mobileEnvironment, copies);
    for (const change of [rename, newOrder]) {
      await changeAt(mobileEnvironment, change);
      const hits = await hitsAmong(mobileEnvironment, copies);
      assert.equal(hits.includes(`${CUSTOMER}: dashboard`), false);
      assert.deepEqual(
        hits.filter((name) => name.startsWith(OTHER_CUSTOMER)),
        namesOf(queriesAs(OTHER_CUSTOMER, DASHBOARD)),
      );
    }
  });

  it('makes answers stale also if the caller of the change gets no answer', async () => {
    const copies = queriesAs(CUSTOMER, lists);
    await warmCache(environment, copies);
    environment.services.order.control.faults({ placeOrder: { reset: true, afterWork: true } });
    await assert.rejects(changeAt(environment, newOrder));
    environment.services.order.control.clear();
    assert.deepEqual(await hitsAmong(environment, copies), []);
  });
});

describe('Purge by an operator', () => {
  const environment = shareGated(web);
  const copies = {
    ...queriesAs(CUSTOMER, { ...ORDERS, ...NOTIFICATIONS }),
    ...queriesAs(OTHER_CUSTOMER, lists),
    ...STAFF,
    ...profileQuery(CUSTOMER),
    announcements: { query: '{ announcements { title } }' },
  };
  const purges: Readonly<Record<string, readonly string[]>> = {
    Order: [
      ...namesOf(queriesAs(CUSTOMER, NOTIFICATIONS)),
      'staff: customers',
      'staff: customers by search',
      `profile ${CUSTOMER}`,
      'announcements',
    ],
    'Query.announcements': namesOf(copies).filter((name) => name !== 'announcements'),
    'Query.viewer': namesOf(copies).filter((name) => !/^4[23]:/.test(name)),
    orders: namesOf(copies).filter(
      (name) => !/^4[23]: (.*orders|placed|shipped|cancelled)|recent/.test(name),
    ),
    unread: namesOf(copies).filter((name) => name !== `${CUSTOMER}: unread count`),
    users: namesOf(copies).filter((name) => !name.includes('customers')),
    [`User:${CUSTOMER}`]: namesOf(copies).filter(
      (name) => name !== `profile ${CUSTOMER}` && !name.includes('customers'),
    ),
  };
  for (const [tag, rest] of Object.entries(purges)) {
    it(`leaves answers without the tag ${tag} in the cache`, async () => {
      await warmCache(environment, copies);
      await purge(environment, tag);
      assert.deepEqual(await hitsAmong(environment, copies), rest);
      assert.deepEqual(
        await hitsAmong(environment, copies),
        namesOf(copies),
        'all are stored again',
      );
    });
  }
});
