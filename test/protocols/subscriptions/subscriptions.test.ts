import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import type { Json } from '../../support/environment.ts';
import { PRODUCTION } from '../../support/production.ts';
import { sendEvent } from '../../support/subscribe-once.ts';
import { until } from '../../support/until.ts';
import { NOTIFICATIONS, ORDERS, type Subscriptions, startSubscriptions } from './harness.ts';

const { customer, otherCustomer } = CAST;

for (const protocol of ['overSse', 'overWebSocket'] as const) {
  describe(`A subscription ${protocol === 'overSse' ? 'over server-sent events' : 'over WebSocket'}`, () => {
    let bff: Subscriptions;
    before(async () => {
      bff = await startSubscriptions({ CACHE_MEMORY_MB: '8' });
    });
    after(() => bff[Symbol.asyncDispose]());

    it('gets what its viewer receives, and nothing that others receive', async () => {
      await using subscription = await bff[protocol](NOTIFICATIONS);
      const result = subscription.next();
      await bff.untilOpen(1);
      await bff.notify(otherCustomer, 'not for me');
      const id = await bff.notify(customer, 'for me');
      assert.deepEqual(await result, { data: { notificationReceived: { id, title: 'for me' } } });
      const next = subscription.next();
      const nextId = await bff.notify(customer, 'another');
      assert.deepEqual(await next, {
        data: { notificationReceived: { id: nextId, title: 'another' } },
      });
      await subscription.leave();
      await bff.untilOpen(0);
    });

    it('gets each change of the viewer’s orders, in their present state', async () => {
      await using subscription = await bff[protocol](ORDERS);
      const placed = subscription.next();
      await bff.untilOpen(1);
      const id = await bff.placeOrder(customer);
      assert.deepEqual(await placed, { data: { orderChanged: { id, status: 'PLACED' } } });
      await bff.placeOrder(otherCustomer);
      const cancelled = subscription.next();
      await bff.cancelOrder(id);
      assert.deepEqual(await cancelled, { data: { orderChanged: { id, status: 'CANCELLED' } } });
      await subscription.leave();
      await bff.untilOpen(0);
    });

    it('to one order gets the changes of that order only, also for staff', async () => {
      const [id, another] = [await bff.placeOrder(customer), await bff.placeOrder(customer)];
      for (const as of [customer, 'staff']) {
        await using subscription = await bff[protocol](ORDERS, { as, variables: { id } });
        const result = subscription.next();
        await bff.untilOpen(1);
        await bff.cancelOrder(another);
        await bff.cancelOrder(id);
        assert.deepEqual(await result, { data: { orderChanged: { id, status: 'CANCELLED' } } });
        await subscription.leave();
        await bff.untilOpen(0);
      }
    });

    it('to a foreign order or without a user is refused like a query', async () => {
      const id = await bff.placeOrder(otherCustomer);
      const options = { variables: { id } };
      assert.deepEqual(await codesOf(bff[protocol](ORDERS, options)), ['NOT_FOUND']);
      const missing = { variables: { id: '999999999' } };
      assert.deepEqual(await codesOf(bff[protocol](ORDERS, missing)), ['NOT_FOUND']);
      const anonymous = await codesOf(bff[protocol](NOTIFICATIONS, { as: 'anonymous' }));
      assert.deepEqual(anonymous, ['UNAUTHENTICATED']);
      assert.equal(await bff.metric('frontdesk_subscriptions'), 0);
    });

    it('gets an error instead of an object that is not the viewer’s, whatever an event says', async () => {
      const id = await bff.placeOrder(otherCustomer);
      await using subscription = await bff[protocol](ORDERS);
      const result = subscription.next();
      await bff.untilOpen(1);
      await sendEvent(bff, { type: 'order.changed', data: { user: customer, id } });
      const { data, errors } = await result;
      assert.deepEqual(data, { orderChanged: null });
      assert.equal(errors[0].extensions.code, 'NOT_FOUND');
      assert.equal(
        await bff.metric('frontdesk_subscription_events_total', { outcome: 'failed' }),
        1,
      );
      await subscription.leave();
      await bff.untilOpen(0);
    });

    it('gets an event once, and after the purge that belongs to it', async () => {
      const count = '{ viewer { unreadCount } }';
      const unread = async () =>
        (await bff.send(count, { as: customer })).body.data.viewer.unreadCount;
      await using subscription = await bff[protocol](NOTIFICATIONS);
      const result = subscription.next();
      await bff.untilOpen(1);
      const before = await unread();
      await bff.notify(customer);
      await result;
      assert.equal(await unread(), before + 1);
      const delivered = await bff.metric('frontdesk_subscription_events_total');
      const next = subscription.next();
      const id = await bff.notify(customer, 'first');
      const repeated = { type: 'notification.created', data: { user: customer, id } };
      await next;
      for (const _ of [1, 2, 3]) await sendEvent(bff, repeated, 'the-same-event');
      await subscription.next();
      const last = subscription.next();
      await bff.notify(customer, 'last');
      assert.equal((await last).data.notificationReceived.title, 'last');
      assert.equal(await bff.metric('frontdesk_subscription_events_total'), delivered + 3);
      await subscription.leave();
      await bff.untilOpen(0);
    });

    it('is refused beyond ten of one viewer, whose others stay open', async () => {
      const open = await Promise.all(
        Array.from({ length: 10 }, () => bff[protocol](NOTIFICATIONS)),
      );
      const results = open.map(({ next }) => next());
      await bff.untilOpen(10);
      const refused = await codesOf(bff[protocol](NOTIFICATIONS));
      assert.deepEqual(refused, ['RATE_LIMITED']);
      await using other = await bff[protocol](NOTIFICATIONS, { as: otherCustomer });
      const toOther = other.next();
      await bff.untilOpen(11);
      await Promise.all([bff.notify(customer), bff.notify(otherCustomer)]);
      for (const result of [...results, toOther]) assert.ok((await result).data);
      for (const each of [...open, other]) await each.leave();
      await bff.untilOpen(0);
      await Promise.all(open.map((each) => each[Symbol.asyncDispose]()));
    });

    it('is counted as a request, with its fields when it ends and with the code if it is refused', async () => {
      const count = async () => ({
        ended: await bff.metric('frontdesk_requests_total', { operation: 'other', status: 200 }),
        field: await bff.metric('frontdesk_field_requests_total', {
          field: 'Subscription.notificationReceived',
        }),
        code: await bff.metric('frontdesk_errors_total', { code: 'NOT_FOUND' }),
      });
      const before = await count();
      const open = await bff[protocol](NOTIFICATIONS);
      void open.next();
      await bff.untilOpen(1);
      await open.leave();
      await open[Symbol.asyncDispose]();
      const variables = { id: 'none' };
      assert.deepEqual(await codesOf(bff[protocol](ORDERS, { variables })), ['NOT_FOUND']);
      await until(async () => (await count()).ended === before.ended + 2);
      const { field, code } = await count();
      assert.deepEqual([field, code], [before.field + 1, before.code + 1]);
    });

    it('is refused if its document is invalid, too expensive, or no subscription', async () => {
      for (const [query, code] of [
        ['subscription { unknown }', 'GRAPHQL_VALIDATION_FAILED'],
        ['subscription {', 'GRAPHQL_PARSE_FAILED'],
        [`subscription { ${'a'.repeat(20_000)} }`, 'QUERY_TOO_COMPLEX'],
        ['{ __typename }', 'BAD_REQUEST'],
        ['mutation { cancelOrder(id: "1") { order { id } } }', 'BAD_REQUEST'],
      ] as const) {
        assert.deepEqual(await codesOf(bff[protocol](query)), [code], query.slice(0, 60));
      }
    });
  });
}

describe('Subscriptions', () => {
  it('are served over server-sent events alone by the mobile BFF', async () => {
    await using bff = await startSubscriptions({}, mobile);
    await using subscription = await bff.overSse(NOTIFICATIONS);
    const result = subscription.next();
    await bff.untilOpen(1);
    const id = await bff.notify(customer);
    assert.equal((await result).data.notificationReceived.id, id);
    await assert.rejects(async () => (await bff.overWebSocket(NOTIFICATIONS)).next());
  });

  it('are not served without a secret that signs events', async () => {
    await using bff = await startSubscriptions(PRODUCTION);
    const { response } = await bff.open(NOTIFICATIONS);
    assert.equal(response.status, 404);
    await assert.rejects(async () => (await bff.overWebSocket(NOTIFICATIONS)).next());
  });

  it('are not begun by other methods than GET and POST', async () => {
    await using bff = await startSubscriptions();
    for (const method of ['PUT', 'HEAD', 'OPTIONS']) {
      const { status, headers } = await fetch(bff.streamUrl, { method });
      assert.deepEqual([status, headers.get('allow')], [405, 'GET, POST'], method);
    }
  });

  it('are refused at /graphql', async () => {
    await using bff = await startSubscriptions();
    const { status, body } = await bff.send(NOTIFICATIONS, { as: customer });
    assert.equal(status, 400);
    assert.equal(body.errors[0].extensions.code, 'BAD_REQUEST');
    assert.match(body.errors[0].message, /graphql\/stream/);
  });
});

/** The codes of the errors with which a subscription is refused. */
async function codesOf(subscribed: ReturnType<Subscriptions['overSse' | 'overWebSocket']>) {
  await using subscription = await subscribed;
  try {
    const { errors } = await subscription.next();
    return errors.map((error: { extensions: { code: string } }) => error.extensions.code);
  } catch (error) {
    const given = error as { response?: Response } | { extensions: { code: string } }[];
    if (Array.isArray(given)) return given.map(({ extensions }) => extensions.code);
    const body: Json = await (given as { response: Response }).response.json();
    return body.errors.map((each: Json) => each.extensions.code);
  }
}
