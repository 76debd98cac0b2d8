import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import type { Json, TestResponse, TestViewer } from '../support/environment.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import {
  type GatedEnvironment,
  outcomeOf,
  type Query,
  send,
  sendAll,
  signIn,
} from './environment.ts';
import { CUSTOMER, DASHBOARD, ORDERS, placeOrder, rename } from './queries.ts';
import { fakeClock, shareGated } from './shared-environment.ts';

const USERS_ORDERS = /^\/orders\?users=/;
/** The stale windows of the BFFs. */
const DEFAULT_WINDOWS = { whileRevalidate: 30, ifError: 300 };
const ON_ERROR_ONLY = { whileRevalidate: 0, ifError: 300 };
const NONE = { whileRevalidate: 0, ifError: 0 };

/** The freshness that all services give their responses, in seconds. */
const MAX_AGE_SECONDS = 2;

/** Stores a viewer's answer, and lets it expire. */
async function storeExpired(
  context: TestContext,
  environment: GatedEnvironment,
  query: string,
  as: TestViewer = CUSTOMER,
): Promise<Query> {
  for (const gate of Object.values(environment.gates)) {
    gate.setHeaders(() => ({ 'cache-control': `max-age=${MAX_AGE_SECONDS}` }));
  }
  const pass = fakeClock(context);
  const headers = await signIn(environment, as);
  assert.equal(outcomeOf(await send(environment, { query, headers })), 'stored');
  pass(MAX_AGE_SECONDS + 0.1);
  environment.reset();
  return { query, headers };
}

const ORDER_LIST = ORDERS.orders ?? '';
const WHOLE_DASHBOARD = DASHBOARD.dashboard ?? '';
const PUBLIC = '{ announcements { id } profile(id: "42") { name } }';
const STAFF_ONLY = '{ announcements { id } recentOrders { id } }';

const shows = ({ body }: TestResponse, id: string) => JSON.stringify(body).includes(`"${id}"`);

/** Places an order of the customer at the service, which sends no events. */
async function placeAtService(environment: GatedEnvironment): Promise<string> {
  const response = await environment.services.order.inject({
    method: 'POST',
    url: '/orders',
    headers: { 'idempotency-key': randomUUID() },
    payload: { userId: CUSTOMER, currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 1 }] },
  });
  return response.json().id;
}

describe('Expired answer in the stale-while-revalidate window', () => {
  const environment = shareGated({ ...web, stale: DEFAULT_WINDOWS });

  it('is served immediately, and revalidated once for all requests', async (context) => {
    const query = await storeExpired(context, environment, ORDER_LIST);
    const id = await placeAtService(environment);
    const held = environment.gates.order.hold(USERS_ORDERS);
    for (let time = 0; time < 2; time++) {
      const { answers } = await sendAll(environment, ...Array<Query>(5).fill(query));
      for (const answer of await answers) {
        assert.equal(outcomeOf(answer), 'hit');
        assert.ok(!shows(answer, id));
      }
    }
    await held.reaches(1);
    assert.equal(held.count(), 1);
    held.release();
    await until(async () => shows(await send(environment, query), id));
    assert.equal(outcomeOf(await send(environment, query)), 'hit');
  });

  it('is revalidated however early the deadline of the request is', async (context) => {
    const query = await storeExpired(context, environment, ORDER_LIST);
    const id = await placeAtService(environment);
    const hasty = {
      ...query,
      headers: { ...query.headers, 'x-request-timeout-ms': '200' },
    };
    const held = environment.gates.order.hold(USERS_ORDERS);
    assert.equal(outcomeOf(await send(environment, hasty)), 'hit');
    await held.reaches(1);
    await sleep(250);
    assert.equal(held.abandonedCount(), 0);
    held.release();
    await until(async () => shows(await send(environment, query), id));
  });

  it('is never served after a purge, and the result of its revalidation is not stored', async (context) => {
    const query = await storeExpired(context, environment, ORDER_LIST);
    const held = environment.gates.order.hold(USERS_ORDERS);
    const old = await send(environment, query);
    await held.reaches(1);
    held.stopHolding();
    await send(environment, placeOrder());
    const fresh = await send(environment, query);
    assert.equal(outcomeOf(fresh), 'stored');
    assert.notDeepEqual(fresh.body, old.body);
    held.release();
    await until(() => environment.calls().every(({ endedAt }) => endedAt !== null));
    assert.deepEqual((await send(environment, query)).body, fresh.body);
  });

  it('is not stored again by a revalidation that ends after the purge', async (context) => {
    const query = await storeExpired(context, environment, ORDER_LIST);
    const held = environment.gates.order.hold(USERS_ORDERS);
    const old = await send(environment, query);
    await held.reaches(1);
    await send(environment, placeOrder());
    held.release();
    await until(() => environment.calls().every(({ endedAt }) => endedAt !== null));
    await fetch(`${environment.url}/healthz`);
    const next = await send(environment, query);
    assert.equal(outcomeOf(next), 'stored');
    assert.notDeepEqual(next.body, old.body);
  });

  it('is no longer served after a revalidation whose result must not be stored', async (context) => {
    const query = await storeExpired(context, environment, ORDER_LIST);
    environment.gates.order.setHeaders(() => ({ 'cache-control': 'no-store' }));
    const id = await placeAtService(environment);
    assert.equal(outcomeOf(await send(environment, query)), 'hit');
    await until(async () => shows(await send(environment, query), id));
  });
});

describe('Expired answer while a service fails', () => {
  const webEnvironment = shareGated({ ...web, stale: ON_ERROR_ONLY });
  const mobileEnvironment = shareGated({ ...mobile, stale: ON_ERROR_ONLY });

  const failing = { announcements: { status: 503 } };

  for (const [audience, text] of Object.entries({ everyone: PUBLIC, staff: STAFF_ONLY })) {
    it(`is served with its Age instead of a partial answer if it is for ${audience}`, async (context) => {
      const query = await storeExpired(context, webEnvironment, text, 'staff');
      for (const fault of [{ status: 503 }, { reset: true }, { malformed: 'shape' }] as const) {
        webEnvironment.services.notification.control.faults({ announcements: fault });
        const { answers } = await sendAll(webEnvironment, ...Array<Query>(3).fill(query));
        for (const { headers, body } of await answers) {
          assert.match(headers.get('cache-status') ?? '', /^frontdesk; hit; ttl=-\d+$/);
          assert.ok(Number(headers.get('age')) >= MAX_AGE_SECONDS);
          assert.equal(body.errors, undefined);
        }
      }
    });
  }

  it('is not served if it is private: its viewer gets the partial answer', async (context) => {
    const query = await storeExpired(context, mobileEnvironment, WHOLE_DASHBOARD);
    mobileEnvironment.services.notification.control.faults({ unreadByUsers: { status: 503 } });
    const { answers } = await sendAll(mobileEnvironment, ...Array<Query>(3).fill(query));
    for (const answer of await answers) assertPartial(answer);
  });

  it('is served at the deadline of the request if the service never answers', async (context) => {
    const query = await storeExpired(context, webEnvironment, STAFF_ONLY, 'staff');
    webEnvironment.services.notification.control.faults({ announcements: { hang: true } });
    const hasty = {
      ...query,
      headers: { ...query.headers, 'x-request-timeout-ms': '300' },
    };
    const { answers } = await sendAll(webEnvironment, hasty, hasty, hasty);
    for (const answer of await answers) {
      assert.equal(answer.body.errors, undefined, JSON.stringify(answer.body.errors));
      assert.equal(outcomeOf(answer), 'hit');
    }
  });

  it('is not served after a purge', async (context) => {
    const query = await storeExpired(context, mobileEnvironment, PUBLIC);
    mobileEnvironment.services.notification.control.faults(failing);
    await send(mobileEnvironment, rename(CUSTOMER, 'Renamed After Expiry'));
    const { body } = await send(mobileEnvironment, query);
    assert.equal(body.data.profile.name, 'Renamed After Expiry');
    assert.equal(body.data.announcements, null);
    assert.equal(body.errors.length, 1);
  });

  it('is not served if it is purged during the failing execution', async (context) => {
    const query = await storeExpired(context, mobileEnvironment, PUBLIC);
    mobileEnvironment.services.notification.control.faults(failing);
    const slow = mobileEnvironment.gates.user.hold(/^\/users\?ids=/);
    const { answers } = await sendAll(mobileEnvironment, query);
    await slow.reaches(1);
    await purge(mobileEnvironment, `User:${CUSTOMER}`);
    slow.release();
    const [answer] = await answers;
    assert.equal(answer?.body.errors.length, 1);
  });

  it('is not served after a newer answer, even if that must not be stored', async (context) => {
    const query = await storeExpired(context, webEnvironment, STAFF_ONLY, 'staff');
    webEnvironment.gates.order.setHeaders(() => ({ 'cache-control': 'no-store' }));
    const id = await placeAtService(webEnvironment);
    assert.ok(shows(await send(webEnvironment, query), id));
    webEnvironment.services.order.control.faults({ recentOrders: { status: 501 } });
    const { body } = await send(webEnvironment, query);
    assert.equal(body.errors?.length, 1, 'the older answer is served');
  });
});

describe('Expired private answer in the stale-while-revalidate window', () => {
  const environment = shareGated({ ...mobile, stale: DEFAULT_WINDOWS });

  it('is served until its revalidation fails', async (context) => {
    const query = await storeExpired(context, environment, WHOLE_DASHBOARD);
    environment.services.notification.control.faults({ unreadByUsers: { status: 503 } });
    assert.equal(outcomeOf(await send(environment, query)), 'hit');
    await until(async () => outcomeOf(await send(environment, query)) !== 'hit');
    for (let n = 0; n < 2; n++) assertPartial(await send(environment, query));
    environment.services.notification.control.clear();
    await until(async () => outcomeOf(await send(environment, query)) === 'stored');
  });
});

describe('Expired answer without a stale window', () => {
  const environment = shareGated({ ...web, stale: NONE });

  it('is executed again', async (context) => {
    const query = await storeExpired(context, environment, ORDER_LIST);
    const id = await placeAtService(environment);
    assert.ok(shows(await send(environment, query), id));
  });

  it('is not served while a service fails', async (context) => {
    const query = await storeExpired(context, environment, PUBLIC);
    environment.services.notification.control.faults({ announcements: { status: 503 } });
    assert.equal((await send(environment, query)).body.errors.length, 1);
  });
});

/** Asserts that the dashboard has all parts but the count that fails. */
function assertPartial({ headers, body }: TestResponse): void {
  assert.equal(headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
  assert.equal(body.data.dashboard.unreadCount, null);
  assert.ok(body.data.dashboard.user.name);
  assert.deepEqual(
    body.errors.map(({ path }: Json) => path),
    [['dashboard', 'unreadCount']],
  );
}
