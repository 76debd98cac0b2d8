import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { type Json, startWorld, type World } from '../support/world.ts';
import {
  ACCOUNT,
  cancel,
  ME,
  markRead,
  NOTIFICATIONS,
  nextOrders,
  ORDERS,
  OTHER,
  orderOf,
  orderWith,
  PHONE,
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
  keep,
} from './invalidation-desk.ts';

/** Makes a change that nothing is in the way of. */
async function change(world: World, changed: Copy): Promise<void> {
  const { body } = await ask(world, changed);
  assert.equal(body.errors, undefined, JSON.stringify(body.errors));
  const [payload] = Object.values<Json>(body.data);
  assert.deepEqual(payload.userErrors, []);
}

/** @returns what is still served as it was kept, when a change was made that all the rest shows */
async function keptThrough(world: World, copies: Copies, changed: Copy): Promise<string[]> {
  await keep(world, copies);
  await change(world, changed);
  return hitsAmong(world, copies);
}

describe('on the web, before the answer leaves, everything is new that is changed by', () => {
  it('a profile’s update, and nothing else is', async () => {
    await using world = await startWorld(web, CACHED);
    const copies = {
      ...copiesOf(ME, { ...ACCOUNT, ...ORDERS, ...NOTIFICATIONS }),
      ...copiesOf(OTHER, ACCOUNT),
      ...STAFF,
      ...profileOf(ME),
      ...profileOf(OTHER),
    };
    assert.deepEqual(await keptThrough(world, copies, rename('A Name Like No Other')), [
      ...Object.keys(copiesOf(ME, { ...ORDERS, ...NOTIFICATIONS })),
      ...Object.keys(copiesOf(OTHER, ACCOUNT)),
      'staff: recent orders',
      `profile ${OTHER}`,
    ]);
  });

  it('an order’s placing, and nothing of other users is', async () => {
    await using world = await startWorld(web, CACHED);
    const { placed, orders, 'the first orders': first } = ORDERS as Record<string, string>;
    const lists = { placed, orders, first } as Record<string, string>;
    const bystanders = {
      ...copiesOf(ME, { ...NOTIFICATIONS, account: ACCOUNT.account ?? '' }),
      ...copiesOf(OTHER, { ...ORDERS, ...NOTIFICATIONS, ...ACCOUNT }),
      ...profileOf(ME),
    };
    const mine = { ...copiesOf(ME, lists), ...(await nextOrders(world, ME)), ...STAFF };
    assert.deepEqual(await keptThrough(world, { ...mine, ...bystanders }, place()), [
      'staff: customers',
      'staff: customers by search',
      ...Object.keys(bystanders),
    ]);
  });

  it('an order’s cancelling: the order, and the lists that have it or would have it now', async () => {
    await using world = await startWorld(web, CACHED);
    const id = await orderWith(world, ME, 'placed');
    const other = orderOf(ME, await orderWith(world, ME, 'shipped'));
    const bystanders = {
      ...(await nextOrders(world, ME)),
      ...other,
      ...copiesOf(ME, NOTIFICATIONS),
      ...copiesOf(OTHER, { ...ORDERS, ...ACCOUNT }),
    };
    const copies = { ...copiesOf(ME, ORDERS), ...orderOf(ME, id), ...bystanders };
    assert.deepEqual(await keptThrough(world, copies, cancel(id)), [
      `${ME}: shipped`,
      ...Object.keys(bystanders),
    ]);
  });

  it('an order’s cancelling by staff: what its customer sees of it', async () => {
    await using world = await startWorld(web, CACHED);
    const id = await orderWith(world, OTHER, 'placed');
    const copies = { ...copiesOf(OTHER, ORDERS), ...orderOf(OTHER, id), ...copiesOf(ME, ORDERS) };
    assert.deepEqual(await keptThrough(world, copies, cancel(id, 'staff')), [
      `${OTHER}: shipped`,
      ...Object.keys(copiesOf(ME, ORDERS)),
    ]);
  });

  it('the reading of notifications, and no order or account is', async () => {
    await using world = await startWorld(web, CACHED);
    const bystanders = {
      ...copiesOf(ME, { ...ORDERS, ...ACCOUNT }),
      ...copiesOf(OTHER, NOTIFICATIONS),
    };
    const copies = { ...copiesOf(ME, NOTIFICATIONS), ...bystanders };
    const ids = await unreadOf(world, ME, 2);
    assert.deepEqual(await keptThrough(world, copies, markRead(ids)), Object.keys(bystanders));
  });
});

describe('on the phone, before the answer leaves, everything is new that is changed by', () => {
  const bystanders = copiesOf(OTHER, PHONE);
  const copies = { ...copiesOf(ME, PHONE), ...bystanders };
  const still = (...names: string[]) => [
    ...names.map((name) => `${ME}: ${name}`),
    ...Object.keys(bystanders),
  ];

  it('a profile’s update', async () => {
    await using world = await startWorld(mobile, CACHED);
    const all = { ...copies, ...profileOf(ME) };
    const kept = await keptThrough(world, all, rename('A Name Like No Other'));
    assert.deepEqual(kept, still('orders', 'notifications', 'unread count'));
  });

  it('an order’s placing', async () => {
    await using world = await startWorld(mobile, CACHED);
    const kept = await keptThrough(world, copies, place());
    assert.deepEqual(kept, still('account', 'notifications', 'unread count'));
  });

  it('an order’s cancelling', async () => {
    await using world = await startWorld(mobile, CACHED);
    const id = await orderWith(world, ME, 'placed');
    const kept = await keptThrough(world, copies, cancel(id));
    assert.deepEqual(kept, still('account', 'notifications', 'unread count'));
  });

  it('the reading of notifications', async () => {
    await using world = await startWorld(mobile, CACHED);
    const ids = await unreadOf(world, ME, 1);
    const kept = await keptThrough(world, copies, markRead(ids));
    assert.deepEqual(kept, still('account', 'orders'));
  });
});
