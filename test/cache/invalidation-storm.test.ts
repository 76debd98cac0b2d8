import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import type { BffDefinition } from '../../src/bff.ts';
import type { Json } from '../support/world.ts';
import { ME, markRead, place, rename, unreadOf } from './invalidation-copies.ts';
import { ask, type Copy, type Gated, howOf, startGated } from './invalidation-desk.ts';

const CHANGES = 24;
const READERS = 6;
const MOST_LATE_MS = 12;

/** Everything that was done, as far as who did it knows. */
interface Done {
  names: number;
  readonly orders: string[];
  unread: number;
}

const nodes = 'edges { node { id } }';
const READS: Readonly<Record<string, readonly Copy[]>> = {
  web: [
    { query: `{ profile(id: "${ME}") { name } }` },
    { as: ME, query: '{ viewer { user { name } unreadCount } }' },
    { as: ME, query: `{ viewer { orders(first: 50) { ${nodes} } user { name } } }` },
    { as: ME, query: `{ viewer { orders(first: 50, status: PLACED) { ${nodes} } } }` },
    { as: 'staff', query: `{ customers(search: "Name No ") { edges { node { name } } } }` },
    { as: 'staff', query: '{ recentOrders(first: 50) { id } }' },
  ],
  mobile: [
    { query: `{ profile(id: "${ME}") { name } }` },
    { as: ME, query: '{ dashboard { user { name } orders(first: 20) { id } unreadCount } }' },
    { as: ME, query: '{ dashboard { orders(first: 20) { id } } }' },
    { as: ME, query: '{ dashboard { unreadCount user { name } } }' },
  ],
};

/** Sees that an answer shows all that was done before it was asked for. */
function seeAll({ data, errors }: Json, query: string, { names, orders, unread }: Done) {
  assert.equal(errors, undefined, JSON.stringify(errors));
  const text = JSON.stringify(data);
  const shown = [...text.matchAll(/Name No (\d+)/g)].map(([, number]) => Number(number));
  if (query.includes('name')) assert.ok(shown.length > 0 || names === 0, `${query}: ${text}`);
  assert.ok(
    shown.every((number) => number >= names),
    `${query}: ${shown} after ${names}`,
  );
  if (query.toLowerCase().includes('orders')) {
    const missing = orders.filter((id) => !text.includes(`"id":"${id}"`));
    assert.deepEqual(missing, [], query);
  }
  const count = /"unreadCount":(\d+)/.exec(text)?.[1];
  if (count) assert.ok(Number(count) <= unread, `${query}: ${count} unread after ${unread}`);
}

/** Makes changes, one after the other, each third of them behind the BFF's back. */
async function makeChanges(world: Gated, done: Done): Promise<void> {
  const user = world.services.user;
  const unread = await unreadOf(world, ME, CHANGES);
  for (let n = 1; n <= CHANGES; n++) {
    if (n % 3 === 0) {
      const straight = { method: 'PATCH', url: `/users/${ME}` } as const;
      await user.inject({ ...straight, payload: { name: `Name No ${n}` } });
      done.names = n;
    } else if (n % 3 === 1) {
      assert.equal((await ask(world, rename(`Name No ${n}`))).body.errors, undefined);
      done.names = n;
    } else {
      const { body } = await ask(world, place());
      done.orders.push(body.data.placeOrder.order.id);
      await ask(world, markRead(unread.splice(0, 1)));
      done.unread--;
    }
  }
}

async function storm(bff: BffDefinition) {
  await using world = await startGated(bff);
  for (const { control } of Object.values(world.services)) {
    control.subscribe([`${world.adminUrl}/purge`]);
  }
  let late = 0;
  for (const gate of Object.values(world.gates)) {
    gate.delay(() => (late = (late * 7 + 5) % MOST_LATE_MS));
    gate.say((path) => (path.startsWith('/.well-known') ? {} : { 'cache-control': 'max-age=2' }));
  }
  const { count } = await world.read('notification', `/unread?user=${ME}`);
  const done: Done = { names: 0, orders: [], unread: count };
  const hows = new Set<string>();
  let isOver = false;

  const read = async (reader: number) => {
    const reads = READS[bff.name] ?? [];
    for (let n = reader; !isOver; n++) {
      const copy = reads[n % reads.length] as Copy;
      const before = { ...done, orders: [...done.orders] };
      const answer = await ask(world, copy);
      hows.add(howOf(answer));
      seeAll(answer.body, copy.query, before);
    }
  };
  const changing = makeChanges(world, done).finally(() => {
    isOver = true;
  });
  await Promise.all([changing, ...Array.from({ length: READERS }, (_, reader) => read(reader))]);
  assert.ok(hows.has('hit') && hows.has('stored'), [...hows].join(', '));
}

describe('whoever asks sees all that was done before, however calls and changes meet', () => {
  for (const bff of [web, mobile]) it(`in ${bff.name}`, () => storm(bff));
});
