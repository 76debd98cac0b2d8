import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { purge } from '../support/purge.ts';
import { ME, ORDERS, place } from './invalidation-copies.ts';
import { ask, howOf, seeKept, send, signIn, startGated } from './invalidation-desk.ts';

describe('nobody who asks after a purge gets what was asked for before it:', () => {
  const announcements = { query: '{ announcements { title } }' };
  const inOtherWords = (n: number) => ({ query: `{ announcements { title } } # ${n}` });

  for (const bff of [web, mobile]) {
    it(`${bff.name}’s announcements, which all who ask share`, async () => {
      await using world = await startGated(bff);
      const held = world.gates.notification.hold(/^\/announcements/);
      const before = await send(world, announcements, announcements, inOtherWords(1));
      await purge(world, 'Query.announcements');
      const after = await send(world, announcements, announcements, inOtherWords(2));
      await held.has(2);
      held.letGo();
      const kept = async ({ answers }: typeof before) => (await answers).map(howOf).sort();
      assert.deepEqual(await kept(before), ['collapsed', 'not kept', 'not kept']);
      assert.deepEqual(await kept(after), ['collapsed', 'stored', 'stored']);
      assert.equal(held.count(), 2);
    });
  }

  it('who follows one that began before it, and who follows one that began after', async () => {
    await using world = await startGated(web);
    const copy = { query: ORDERS.orders ?? '', headers: await signIn(world, ME) };
    const held = world.gates.order.hold(/^\/orders\?users=/);
    const before = await send(world, copy, copy);
    await ask(world, place());
    const after = await send(world, copy, copy);
    await held.has(2);
    held.letGo();
    const [old, follower] = await before.answers;
    const fresh = await after.answers;
    assert.deepEqual(fresh.map(howOf).sort(), ['collapsed', 'stored']);
    assert.deepEqual(fresh[1]?.body, fresh[0]?.body);
    assert.notDeepEqual(old?.body, fresh[0]?.body);
    assert.deepEqual(follower?.body, old?.body);
    assert.equal(held.count(), 2);
    if (fresh[0]) await seeKept(world, copy, fresh[0]);
  });

  it('who follows one that fails asks for what is true then', async () => {
    await using world = await startGated(mobile);
    const query = '{ dashboard { orders(first: 3) { id } unreadCount } }';
    const copy = { query, headers: await signIn(world, ME) };
    const held = world.gates.notification.hold(/^\/unread/);
    const { control } = world.services.notification;
    control.faults({ unreadByUsers: { status: 501 } });
    const before = await send(world, copy, copy);
    await held.has(1);
    control.clear();
    const { body } = await ask(world, place());
    held.letGo();
    const answers = await before.answers;
    const whole = answers.find((answer) => answer.body.errors === undefined);
    assert.equal(whole?.body.data.dashboard.orders[0].id, body.data.placeOrder.order.id);
    assert.equal(whole && howOf(whole), 'stored');
  });
});
