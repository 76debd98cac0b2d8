import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { until } from '../support/until.ts';
import type { Answer } from '../support/world.ts';
import {
  cancel,
  ME,
  nextOrders,
  ORDERS,
  OTHER,
  PHONE,
  place,
  rename,
} from './invalidation-copies.ts';
import {
  ask,
  type Copy,
  type Gated,
  howOf,
  seeKept,
  send,
  startGated,
} from './invalidation-desk.ts';

const orders = { as: ME, query: ORDERS.orders ?? '' };
const same = (one: Answer, other: Answer) =>
  JSON.stringify(one.body) === JSON.stringify(other.body);

/** Whose orders a call asks for. */
const usersIn = ({ url }: { readonly url: string }): string[] =>
  new URL(url, 'http://x').searchParams.get('users')?.split(',') ?? [];

interface Late {
  readonly copy: (world: Gated) => Promise<Copy> | Copy;
  /** Of the upstream's answer that comes late. */
  readonly service: keyof Gated['gates'];
  readonly path: RegExp;
  readonly change: (world: Gated) => Promise<Copy> | Copy;
}

/** The third of three orders that were placed just now: the first on the page after two. */
async function cancelThird(world: Gated): Promise<Copy> {
  const { orders } = await world.read('order', `/orders?user=${ME}&limit=3`);
  return cancel(orders[2].id);
}

const LATE: Readonly<Record<string, Late>> = {
  'of a batch': {
    copy: () => orders,
    service: 'order',
    path: /^\/orders\?users=/,
    change: () => place(),
  },
  'of a page': {
    async copy(world) {
      for (const order of [place(), place(), place()]) await ask(world, order);
      return Object.values(await nextOrders(world, ME))[0] as Copy;
    },
    service: 'order',
    path: /^\/orders\?user=/,
    change: cancelThird,
  },
  'that all staff share': {
    copy: () => ({ as: 'staff', query: '{ recentOrders(first: 3) { id } }' }),
    service: 'order',
    path: /^\/orders\?recent=/,
    change: () => place(),
  },
  'to a search': {
    copy: () => ({ as: 'staff', query: '{ customers(first: 50) { edges { node { id name } } } }' }),
    service: 'user',
    path: /^\/users\?limit=/,
    change: () => rename('A Name Like No Other', '2'),
  },
  'about one user': {
    copy: () => ({ query: `{ profile(id: "${ME}") { name } }` }),
    service: 'user',
    path: /^\/users\?ids=/,
    change: () => rename('A Name Like No Other'),
  },
};

describe('a service’s answer that comes after a change', () => {
  for (const [what, { copy: find, service, path, change }] of Object.entries(LATE)) {
    it(`${what} is for who asked before it, and for nobody else`, async () => {
      await using world = await startGated(web);
      const copy = await find(world);
      const early = world.gates[service].hold(path);
      const before = ask(world, copy);
      await early.has(1);
      early.end();
      assert.equal((await ask(world, await change(world))).body.errors, undefined);
      const after = await ask(world, copy);
      assert.equal(howOf(after), 'stored');
      early.letGo();
      const late = await before;
      assert.equal(late.body.errors, undefined);
      assert.equal(howOf(late), 'not kept');
      assert.ok(!same(late, after));
      await seeKept(world, copy, after);
    });

    it(`${what} is not kept where nobody has asked in between`, async () => {
      await using world = await startGated(web);
      const copy = await find(world);
      const early = world.gates[service].hold(path);
      const before = ask(world, copy);
      await early.has(1);
      await ask(world, await change(world));
      early.letGo();
      const late = await before;
      assert.equal(howOf(late), 'not kept');
      const after = await ask(world, copy);
      assert.equal(howOf(after), 'stored');
      assert.ok(!same(late, after));
    });
  }

  it('is kept of a batch for those whom the change does not concern', async () => {
    await using world = await startGated(web);
    const theirs = { ...orders, as: OTHER };
    const early = world.gates.order.hold(/^\/orders\?users=/);
    const asked = await send(world, orders, theirs);
    await until(() => world.calls().flatMap(usersIn).length === 2);
    await ask(world, place());
    early.letGo();
    const [mine, other] = await asked.answers;
    assert.equal(mine && howOf(mine), 'not kept');
    assert.equal(other && howOf(other), 'stored');
    await seeKept(world, theirs, other as Answer);
  });

  it('makes stale what else was had before it in the same execution', async () => {
    await using world = await startGated(mobile);
    const screen = { as: ME, query: PHONE.dashboard ?? '' };
    const slow = world.gates.order.hold(/^\/orders\?users=/);
    const before = ask(world, screen);
    await slow.has(1);
    await until(() =>
      world.calls().some(({ operation, endedAt }) => operation === 'usersByIds' && endedAt),
    );
    await ask(world, rename('A Name Like No Other'));
    slow.letGo();
    assert.equal(howOf(await before), 'not kept');
    const after = await ask(world, screen);
    assert.equal(after.body.data.dashboard.user.name, 'A Name Like No Other');
  });
});

describe('while a change is under way', () => {
  it('what is made is kept no longer than until its outcome is known', async () => {
    await using world = await startGated(web);
    const answer = world.gates.order.hold(/^\/orders$/);
    const changing = ask(world, place());
    await answer.has(1);
    assert.equal(howOf(await ask(world, orders)), 'stored');
    assert.equal(howOf(await ask(world, orders)), 'hit');
    answer.letGo();
    await changing;
    assert.equal(howOf(await ask(world, orders)), 'stored');
  });
});
