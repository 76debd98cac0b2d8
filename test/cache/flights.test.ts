import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { until } from '../support/until.ts';
import type { Answer, World } from '../support/world.ts';
import { ME, ORDERS, OTHER, PHONE } from './invalidation-copies.ts';
import {
  ask,
  type Copy,
  howOf,
  send,
  sendToLeave,
  signIn,
  startGated,
} from './invalidation-desk.ts';

const ANNOUNCEMENTS = { query: '{ announcements { title } }' };
const USERS_ORDERS = /^\/orders\?users=/;

const hows = (answers: readonly Answer[]) => answers.map(howOf).sort();
const times = (count: number, copy: Copy): Copy[] => Array.from({ length: count }, () => copy);
const namesOf = (world: World) =>
  world
    .calls()
    .map(({ operation }) => operation)
    .sort();

/** The viewer's first screen. */
async function screenOf(world: World): Promise<Copy> {
  return { query: PHONE.dashboard ?? '', headers: await signIn(world, ME) };
}

describe('who asks for the same at the same time', () => {
  it('makes the services be asked once, and all get the one answer', async () => {
    await using world = await startGated(mobile);
    const screen = await screenOf(world);
    const held = world.gates.order.hold(USERS_ORDERS);
    const { answers } = await send(world, ...times(20, screen));
    held.letGo();
    const all = await answers;
    assert.deepEqual(hows(all), [...Array(19).fill('collapsed'), 'stored']);
    assert.equal(new Set(all.map(({ body }) => JSON.stringify(body))).size, 1);
    assert.deepEqual(namesOf(world), [
      'announcements',
      'notificationsByUsers',
      'ordersByUsers',
      'unreadByUsers',
      'usersByIds',
    ]);
  });

  it('shares it also where nothing is kept, if everyone may have it', async () => {
    await using world = await startGated(web, { CACHE_MEMORY_MB: '0' });
    const held = world.gates.notification.hold(/^\/announcements/);
    const { answers } = await send(world, ...times(3, ANNOUNCEMENTS));
    held.letGo();
    assert.deepEqual(hows(await answers), ['collapsed', 'collapsed', 'not kept']);
    assert.equal(howOf(await ask(world, ANNOUNCEMENTS)), 'not kept');
    assert.equal(world.calls().length, 2);
  });

  it('shares nothing with another user, or with oneself in another role', async () => {
    await using world = await startGated(web);
    const copies: Copy[] = [];
    for (const as of [ME, OTHER, '1', 'staff'] as const) {
      copies.push({ query: ORDERS.orders ?? '', headers: await signIn(world, as) });
    }
    const held = world.gates.order.hold(USERS_ORDERS);
    const { answers } = await send(world, ...copies, ...copies);
    held.letGo();
    const all = await answers;
    assert.deepEqual(hows(all), [...Array(4).fill('collapsed'), ...Array(4).fill('stored')]);
    const bodies = all.map(({ body }) => JSON.stringify(body));
    assert.deepEqual(bodies.slice(0, 4), bodies.slice(4));
    assert.notEqual(bodies[0], bodies[1]);
  });

  it('shares nothing that a service calls private, where everyone could have it', async () => {
    await using world = await startGated(web);
    world.gates.notification.say(() => ({ 'cache-control': 'private, max-age=60' }));
    const held = world.gates.notification.hold(/^\/announcements/);
    const { answers } = await send(world, ...times(3, ANNOUNCEMENTS));
    held.letGo();
    for (const answer of [...(await answers), await ask(world, ANNOUNCEMENTS)]) {
      assert.equal(howOf(answer), 'not kept');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
  });

  it('shares no errors: the others ask for themselves', async () => {
    await using world = await startGated(mobile);
    const screen = await screenOf(world);
    const held = world.gates.order.hold(USERS_ORDERS);
    const { control } = world.services.notification;
    // Nothing is asked twice for this status.
    control.faults({ unreadByUsers: { status: 501 } });
    const { answers } = await send(world, ...times(5, screen));
    await until(() =>
      world.calls().some(({ operation, endedAt }) => operation === 'unreadByUsers' && endedAt),
    );
    control.clear();
    await held.has(1);
    held.letGo();
    const all = await answers;
    assert.deepEqual(all.map(({ body }) => body.errors?.length ?? 0).sort(), [0, 0, 0, 0, 1]);
    assert.deepEqual(hows(all), ['not kept', ...Array(4).fill('stored')]);
  });
});

describe('who leaves', () => {
  it('leaves the others what is under way, be it the one who asked first', async () => {
    await using world = await startGated(mobile);
    const screen = await screenOf(world);
    const held = world.gates.order.hold(USERS_ORDERS);
    const { leave } = await sendToLeave(world, screen);
    const { answers } = await send(world, ...times(3, screen));
    await leave();
    await held.has(1);
    held.letGo();
    const all = await answers;
    assert.deepEqual(hows(all), Array(3).fill('collapsed'));
    assert.ok(all.every(({ body }) => body.errors === undefined));
    assert.equal(namesOf(world).length, 5);
    assert.equal(howOf(await ask(world, screen)), 'hit');
  });

  it('leaves the first one in peace', async () => {
    await using world = await startGated(mobile);
    const screen = await screenOf(world);
    const held = world.gates.order.hold(USERS_ORDERS);
    const { answers } = await send(world, screen);
    const { leave } = await sendToLeave(world, screen);
    await leave();
    await held.has(1);
    held.letGo();
    assert.deepEqual(hows(await answers), ['stored']);
  });

  it('ends what is under way only as the last', async () => {
    await using world = await startGated(mobile);
    const screen = await screenOf(world);
    const held = world.gates.order.hold(USERS_ORDERS);
    const leavers = [await sendToLeave(world, screen), await sendToLeave(world, screen)];
    await held.has(1);
    await leavers[0]?.leave();
    assert.equal(world.gates.order.left(), 0);
    await leavers[1]?.leave();
    await until(() => world.gates.order.left() === 1);
    held.letGo();
    const { answers } = await send(world, screen);
    assert.deepEqual(hows(await answers), ['stored']);
  });
});
