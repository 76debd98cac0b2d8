import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import type { Environment, TestResponse } from '../support/environment.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import {
  assertCached,
  type GatedEnvironment,
  outcomeOf,
  type Query,
  send,
  sendAbortable,
  sendAll,
  signIn,
  startGatedEnvironment,
} from './environment.ts';
import { CUSTOMER, DASHBOARD, ORDERS, OTHER_CUSTOMER, placeOrder } from './queries.ts';
import { shareEnvironment, shareGated } from './shared-environment.ts';

const UNREAD_COUNTS = /^\/unread/;
const ANNOUNCEMENTS = { query: '{ announcements { title } }' };
const USERS_ORDERS = /^\/orders\?users=/;

const outcomes = (answers: readonly TestResponse[]) => answers.map(outcomeOf).sort();
const repeat = (count: number, query: Query): Query[] => Array.from({ length: count }, () => query);
const calledOperations = (environment: Environment) =>
  environment
    .calls()
    .map(({ operation }) => operation)
    .sort();

/**
 * The customer's dashboard query.
 * @param timeoutMs - the client's deadline
 */
async function dashboardQuery(environment: Environment, timeoutMs?: number): Promise<Query> {
  const headers = await signIn(environment, CUSTOMER);
  if (timeoutMs) headers['x-request-timeout-ms'] = String(timeoutMs);
  return { query: DASHBOARD.dashboard ?? '', headers };
}

describe('Concurrent equal requests', () => {
  const mobileEnvironment = shareGated(mobile);
  const webEnvironment = shareGated(web);

  it('are executed once, and all get the same answer', async () => {
    const query = await dashboardQuery(mobileEnvironment);
    const held = mobileEnvironment.gates.order.hold(USERS_ORDERS);
    const { answers } = await sendAll(mobileEnvironment, ...repeat(20, query));
    held.release();
    const all = await answers;
    assert.deepEqual(outcomes(all), [...Array(19).fill('collapsed'), 'stored']);
    assert.equal(new Set(all.map(({ body }) => JSON.stringify(body))).size, 1);
    assert.deepEqual(calledOperations(mobileEnvironment), [
      'announcements',
      'notificationsByUsers',
      'ordersByUsers',
      'unreadByUsers',
      'usersByIds',
    ]);
  });

  it('for a public answer are executed once also without a cache', async () => {
    await using environment = await startGatedEnvironment(web, { CACHE_MEMORY_MB: '0' });
    const held = environment.gates.notification.hold(/^\/announcements/);
    const { answers } = await sendAll(environment, ...repeat(3, ANNOUNCEMENTS));
    held.release();
    assert.deepEqual(outcomes(await answers), ['collapsed', 'collapsed', 'not stored']);
    assert.equal(outcomeOf(await send(environment, ANNOUNCEMENTS)), 'not stored');
    assert.equal(environment.calls().length, 2);
  });

  it('of different users or roles are executed separately', async () => {
    const queries: Query[] = [];
    for (const as of [CUSTOMER, OTHER_CUSTOMER, '1', 'staff'] as const) {
      queries.push({ query: ORDERS.orders ?? '', headers: await signIn(webEnvironment, as) });
    }
    const held = webEnvironment.gates.order.hold(USERS_ORDERS);
    const { answers } = await sendAll(webEnvironment, ...queries, ...queries);
    held.release();
    const all = await answers;
    assert.deepEqual(outcomes(all), [...Array(4).fill('collapsed'), ...Array(4).fill('stored')]);
    const bodies = all.map(({ body }) => JSON.stringify(body));
    assert.deepEqual(bodies.slice(0, 4), bodies.slice(4));
    assert.notEqual(bodies[0], bodies[1]);
  });

  it('get no shared answer from a service that calls its response private', async () => {
    webEnvironment.gates.notification.setHeaders(() => ({
      'cache-control': 'private, max-age=60',
    }));
    const held = webEnvironment.gates.notification.hold(/^\/announcements/);
    const { answers } = await sendAll(webEnvironment, ...repeat(3, ANNOUNCEMENTS));
    held.release();
    for (const answer of [...(await answers), await send(webEnvironment, ANNOUNCEMENTS)]) {
      assert.equal(outcomeOf(answer), 'not stored');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
  });

  it('do not share errors: the followers execute themselves', async () => {
    const query = await dashboardQuery(mobileEnvironment);
    const held = mobileEnvironment.gates.order.hold(USERS_ORDERS);
    const { control } = mobileEnvironment.services.notification;
    // A 501 is not retried.
    control.faults({ unreadByUsers: { status: 501 } });
    const { answers } = await sendAll(mobileEnvironment, ...repeat(5, query));
    await until(() =>
      mobileEnvironment
        .calls()
        .some(({ operation, endedAt }) => operation === 'unreadByUsers' && endedAt),
    );
    control.clear();
    await held.reaches(1);
    held.release();
    const all = await answers;
    assert.deepEqual(all.map(({ body }) => body.errors?.length ?? 0).sort(), [0, 0, 0, 0, 1]);
    assert.deepEqual(outcomes(all), ['not stored', ...Array(4).fill('stored')]);
  });
});

describe('Client that disconnects', () => {
  const environment = shareGated(mobile);

  it('does not cancel an execution that others wait for, although it was the first', async () => {
    const query = await dashboardQuery(environment);
    const held = environment.gates.order.hold(USERS_ORDERS);
    const { abort } = await sendAbortable(environment, query);
    const { answers } = await sendAll(environment, ...repeat(3, query));
    await abort();
    await held.reaches(1);
    held.release();
    const all = await answers;
    assert.deepEqual(outcomes(all), Array(3).fill('collapsed'));
    assert.ok(all.every(({ body }) => body.errors === undefined));
    assert.equal(calledOperations(environment).length, 5);
    assert.equal(outcomeOf(await send(environment, query)), 'hit');
  });

  it('does not cancel the execution of the first', async () => {
    const query = await dashboardQuery(environment);
    const held = environment.gates.order.hold(USERS_ORDERS);
    const { answers } = await sendAll(environment, query);
    const { abort } = await sendAbortable(environment, query);
    await abort();
    await held.reaches(1);
    held.release();
    assert.deepEqual(outcomes(await answers), ['stored']);
  });

  it('cancels the execution when it is the last', async () => {
    const query = await dashboardQuery(environment);
    const held = environment.gates.order.hold(USERS_ORDERS);
    const clients = [
      await sendAbortable(environment, query),
      await sendAbortable(environment, query),
    ];
    await held.reaches(1);
    await clients[0]?.abort();
    assert.equal(environment.gates.order.abandonedCount(), 0);
    await clients[1]?.abort();
    await until(() => environment.gates.order.abandonedCount() === 1);
    held.release();
    const { answers } = await sendAll(environment, query);
    assert.deepEqual(outcomes(await answers), ['stored']);
  });
});

describe('Request after a purge', () => {
  const mobileEnvironment = shareGated(mobile);
  const webEnvironment = shareGated(web);

  const announcements = { query: '{ announcements { title } }' };
  const otherText = (n: number) => ({ query: `{ announcements { title } } # ${n}` });

  for (const bff of [web, mobile]) {
    const environment = bff === web ? webEnvironment : mobileEnvironment;
    it(`does not join the execution of a public answer that began before (${bff.name} BFF)`, async () => {
      const held = environment.gates.notification.hold(/^\/announcements/);
      const before = await sendAll(environment, announcements, announcements, otherText(1));
      await purge(environment, 'Query.announcements');
      const after = await sendAll(environment, announcements, announcements, otherText(2));
      await held.reaches(2);
      held.release();
      const outcomesOf = async ({ answers }: typeof before) =>
        (await answers).map(outcomeOf).sort();
      assert.deepEqual(await outcomesOf(before), ['collapsed', 'not stored', 'not stored']);
      assert.deepEqual(await outcomesOf(after), ['collapsed', 'stored', 'stored']);
      assert.equal(held.count(), 2);
    });
  }

  it('does not join the execution of a private answer that began before, and joins one that began after', async () => {
    const query = { query: ORDERS.orders ?? '', headers: await signIn(webEnvironment, CUSTOMER) };
    const held = webEnvironment.gates.order.hold(/^\/orders\?users=/);
    const before = await sendAll(webEnvironment, query, query);
    await send(webEnvironment, placeOrder());
    const after = await sendAll(webEnvironment, query, query);
    await held.reaches(2);
    held.release();
    const [old, follower] = await before.answers;
    const fresh = await after.answers;
    assert.deepEqual(fresh.map(outcomeOf).sort(), ['collapsed', 'stored']);
    assert.deepEqual(fresh[1]?.body, fresh[0]?.body);
    assert.notDeepEqual(old?.body, fresh[0]?.body);
    assert.deepEqual(follower?.body, old?.body);
    assert.equal(held.count(), 2);
    if (fresh[0]) await assertCached(webEnvironment, query, fresh[0]);
  });

  it('gets current data if it followed an execution that failed', async () => {
    const query = {
      query: '{ dashboard { orders(first: 3) { id } unreadCount } }',
      headers: await signIn(mobileEnvironment, CUSTOMER),
    };
    const held = mobileEnvironment.gates.notification.hold(/^\/unread/);
    const { control } = mobileEnvironment.services.notification;
    control.faults({ unreadByUsers: { status: 501 } });
    const before = await sendAll(mobileEnvironment, query, query);
    await held.reaches(1);
    control.clear();
    const { body } = await send(mobileEnvironment, placeOrder());
    held.release();
    const answers = await before.answers;
    const whole = answers.find((answer) => answer.body.errors === undefined);
    assert.equal(whole?.body.data.dashboard.orders[0].id, body.data.placeOrder.order.id);
    assert.equal(whole && outcomeOf(whole), 'stored');
  });
});

describe('Deadline of a concurrent equal request', { concurrency: true }, () => {
  const environments = Array.from({ length: 3 }, () =>
    shareEnvironment(() => startGatedEnvironment(mobile)),
  );

  it('leads to a partial answer in time if it is earlier than the leader’s', async () => {
    const environment = environments[0] as GatedEnvironment;
    const patient = await dashboardQuery(environment);
    const hasty = await dashboardQuery(environment, 1_000);
    const held = environment.gates.notification.hold(UNREAD_COUNTS);
    const { answers: whole } = await sendAll(environment, patient);
    await held.reaches(1);
    const part = await send(environment, hasty);
    assert.equal(part.status, 200);
    assert.deepEqual(
      part.body.errors.map(({ path }: { path: string[] }) => path),
      [['dashboard', 'unreadCount']],
    );
    assert.ok(part.body.data.dashboard.user);
    held.release();
    assert.deepEqual(outcomes(await whole), ['stored']);
  });

  it('leads to a complete answer if it is later than the leader’s', async () => {
    const environment = environments[1] as GatedEnvironment;
    const hasty = await dashboardQuery(environment, 1_000);
    const patient = await dashboardQuery(environment);
    const held = environment.gates.notification.hold(UNREAD_COUNTS);
    const { answers: part } = await sendAll(environment, hasty);
    await held.reaches(1);
    const { answers: whole } = await sendAll(environment, patient);
    const [first] = await part;
    assert.equal(first?.body.errors.length, 1);
    held.release();
    const [second] = await whole;
    assert.equal(second?.body.errors, undefined);
  });

  it('leads to the same partial answer if it is the leader’s', async () => {
    const environment = environments[2] as GatedEnvironment;
    const patient = await dashboardQuery(environment, 1_000);
    const held = environment.gates.notification.hold(UNREAD_COUNTS);
    const { answers } = await sendAll(environment, ...Array<Query>(5).fill(patient));
    for (const { status, body } of await answers) {
      assert.equal(status, 200, JSON.stringify(body));
      assert.ok(body.data.dashboard.user, JSON.stringify(body.errors));
      assert.ok(body.data.dashboard.orders);
    }
    held.release();
  });
});

describe('Deadline of a request', () => {
  const environment = shareGated(mobile);

  it('leaves no timer behind for hits and refused requests', async () => {
    const patient = await dashboardQuery(environment);
    await send(environment, patient);
    const timers = () =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    for (let time = 0; time < 20; time++) {
      assert.equal(
        outcomeOf(await send(environment, { query: DASHBOARD.dashboard ?? '', as: CUSTOMER })),
        'hit',
      );
      const { status } = await send(environment, {
        query: DASHBOARD.dashboard ?? '',
        headers: { authorization: 'Bearer a.b.c' },
      });
      assert.equal(status, 401);
    }
    assert.ok(timers() < before + 10, `${timers()} after ${before}`);
  });
});
