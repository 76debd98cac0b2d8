import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Json, startWorld, type World } from '../support/world.ts';
import {
  ACCOUNT,
  cancel,
  ME,
  markRead,
  NOTIFICATIONS,
  ORDERS,
  OTHER,
  orderOf,
  orderWith,
  place,
  profileOf,
  rename,
  STAFF,
  unreadOf,
} from './invalidation-copies.ts';
import {
  ask,
  CACHED,
  type Copies,
  type Copy,
  copiesOf,
  hitsAmong,
  howOf,
  keep,
} from './invalidation-desk.ts';

const { orders, placed } = ORDERS as Record<string, string>;
const EVERYTHING: Copies = {
  ...copiesOf(ME, { ...ACCOUNT, ...NOTIFICATIONS, orders, placed } as Record<string, string>),
  ...copiesOf(OTHER, { ...NOTIFICATIONS, orders } as Record<string, string>),
  ...STAFF,
  ...profileOf(ME),
};

/** Sees that a change is refused, and that everything is still served as it was kept. */
async function refuse(world: World, change: Copy, code: string): Promise<void> {
  await keep(world, EVERYTHING);
  const { body } = await ask(world, change);
  const [payload] = Object.values<Json>(body.data ?? {});
  const codes = [
    ...(body.errors ?? []).map(({ extensions }: Json) => extensions.code),
    ...(payload?.userErrors ?? []).map((error: Json) => error.code),
  ];
  assert.deepEqual(codes, [code]);
  assert.deepEqual(await hitsAmong(world, EVERYTHING), Object.keys(EVERYTHING));
}

describe('a change that is refused makes nothing new:', () => {
  const refusals: Record<string, [code: string, change: (world: World) => Promise<Copy> | Copy]> = {
    'a blank name': ['BLANK', () => rename(' ')],
    'an unknown product': ['UNKNOWN_SKU', () => place(ME, 'NO-SUCH')],
    'a key that is none': [
      'INVALID',
      () => ({
        ...place(),
        variables: { input: { idempotencyKey: 'a key', currency: 'EUR', items: [] } },
      }),
    ],
    'an order that has left': [
      'NOT_CANCELLABLE',
      async (world) => cancel(await orderWith(world, ME, 'shipped')),
    ],
    'an order of somebody else': [
      'NOT_FOUND',
      async (world) => cancel(await orderWith(world, OTHER, 'placed')),
    ],
    'an order that is not there': ['NOT_FOUND', () => cancel('999999')],
    'an order that is not there, cancelled by staff': [
      'NOT_FOUND',
      () => cancel('999999', 'staff'),
    ],
    'an account that was deleted': ['NOT_FOUND', () => rename('Nobody', CAST.deleted)],
    'a notification of somebody else': [
      'NOT_FOUND',
      async (world) => markRead(await unreadOf(world, OTHER, 1)),
    ],
    'no notification at all': ['BAD_USER_INPUT', () => markRead([])],
    'an argument of a wrong type': [
      'BAD_USER_INPUT',
      () => ({ ...rename('x'), variables: { input: 7 } }),
    ],
    'somebody who is not signed in': ['UNAUTHENTICATED', () => rename('x', 'anonymous')],
  };
  for (const [what, [code, change]] of Object.entries(refusals)) {
    it(what, async () => {
      await using world = await startWorld(web, CACHED);
      await refuse(world, await change(world), code);
    });
  }

  it('a service that lets nobody in', async () => {
    await using world = await startWorld(web, CACHED);
    world.services.order.control.faults({ placeOrder: { status: 429 } });
    await refuse(world, place(), 'UPSTREAM_UNAVAILABLE');
  });

  it('a service that is down', async () => {
    await using world = await startWorld(web, CACHED);
    await keep(world, EVERYTHING);
    await world.services.order.close();
    assert.equal((await ask(world, place())).body.errors.length, 1);
    for (const [name, copy] of Object.entries(EVERYTHING)) {
      assert.equal(howOf(await ask(world, copy)), 'hit', name);
    }
  });
});

it('what is not refused of a change leaves alone what is: others’ notifications', async () => {
  await using world = await startWorld(web, CACHED);
  const theirs = copiesOf(OTHER, NOTIFICATIONS);
  await keep(world, theirs);
  const ids = [...(await unreadOf(world, ME, 1)), ...(await unreadOf(world, OTHER, 1))];
  const { body } = await ask(world, markRead(ids));
  assert.equal(body.data.markNotificationsRead.notifications.length, 1);
  assert.deepEqual(await hitsAmong(world, theirs), Object.keys(theirs));
});

describe('what was not there is known to be there once it is:', () => {
  const ALONE = CAST.noOrders;

  it('the first order of a user who had none', async () => {
    await using world = await startWorld(web, CACHED);
    const copies = copiesOf(ALONE, ORDERS);
    await keep(world, copies);
    const { data } = (await ask(world, place(ALONE))).body;
    await hitsAmong(world, copies);
    const { body } = await world.ask(placed ?? '', { as: ALONE });
    const [edge] = body.data.viewer.orders.edges;
    assert.equal(edge.node.id, data.placeOrder.order.id);
  });

  it('an order whose id was asked for before it was given', async () => {
    await using world = await startWorld(web, CACHED);
    const placeOne = async () => (await ask(world, place())).body.data.placeOrder.order.id;
    const next = String(Number(await placeOne()) + 1);
    const copies = Object.values(orderOf(ME, next));
    for (const copy of [...copies, ...copies]) {
      const missing = await ask(world, copy);
      assert.equal(missing.body.errors[0].extensions.code, 'NOT_FOUND');
      assert.equal(howOf(missing), 'not kept');
    }
    assert.equal(await placeOne(), next);
    for (const copy of copies) {
      assert.equal((await ask(world, copy)).body.data.order.id, next);
    }
  });

  it('the first cancelled order of a user', async () => {
    await using world = await startWorld(web, CACHED);
    const { data } = (await ask(world, place(ALONE))).body;
    const copies = copiesOf(ALONE, { cancelled: ORDERS.cancelled ?? '' });
    await keep(world, copies);
    await ask(world, cancel(data.placeOrder.order.id, ALONE));
    assert.deepEqual(await hitsAmong(world, copies), []);
  });

  it('a number that was given to nobody yet', async () => {
    await using world = await startWorld(web, CACHED);
    const query = '{ profile(id: "999999") { name } }';
    for (let time = 0; time < 2; time++) {
      const answer = await world.ask(query);
      assert.equal(answer.body.errors[0].extensions.code, 'NOT_FOUND');
      assert.equal(howOf(answer), 'not kept');
    }
  });
});
