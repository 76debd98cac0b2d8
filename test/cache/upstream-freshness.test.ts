import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { ME, OTHER, STAFF } from './invalidation-copies.ts';
import { ask, type Gated, howOf, send, signIn, startGated } from './invalidation-desk.ts';

const HINT = 300;
const MANY = /^\/users\?ids=/;

/** How long caches of others may keep the answer, in seconds; undefined if they may not. */
async function sharedMaxAge({ endpoint }: Gated, query: string): Promise<number | undefined> {
  const response = await fetch(`${endpoint}?query=${encodeURIComponent(query)}`);
  const { errors } = (await response.json()) as { errors?: unknown };
  assert.equal(errors, undefined);
  const [, seconds] = /s-maxage=(\d+)/.exec(response.headers.get('cache-control') ?? '') ?? [];
  const [, ofCdns] = /max-age=(\d+)/.exec(response.headers.get('cdn-cache-control') ?? '') ?? [];
  assert.equal(ofCdns, seconds);
  return seconds === undefined ? undefined : Number(seconds);
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();

describe('an answer may be kept as long as the service says, and the schema:', () => {
  let world: Gated;
  let id = 100;
  before(async () => {
    world = await startGated(mobile);
  });
  after(() => world[Symbol.asyncDispose]());

  const said: readonly (readonly [string, () => Record<string, string>, number | undefined])[] = [
    ['the service says nothing', () => ({}), HINT],
    ['max-age', () => ({ 'cache-control': 'max-age=60' }), 60],
    ['a max-age that is longer', () => ({ 'cache-control': 'max-age=3600' }), HINT],
    ['a max-age of 0', () => ({ 'cache-control': 'max-age=0' }), undefined],
    ['a max-age that is none', () => ({ 'cache-control': 'max-age=soon' }), undefined],
    ['s-maxage before max-age', () => ({ 'cache-control': 'max-age=60, s-maxage=30' }), 30],
    ['s-maxage before a lesser max-age', () => ({ 'cache-control': 's-maxage=60, max-age=5' }), 60],
    ['less its age', () => ({ 'cache-control': 'max-age=60', age: '50' }), 10],
    ['less an age above it', () => ({ 'cache-control': 'max-age=60', age: '61' }), undefined],
    ['no-store', () => ({ 'cache-control': 'no-store, max-age=60' }), undefined],
    ['no-cache', () => ({ 'cache-control': 'no-cache, max-age=60' }), undefined],
    ['no-cache, as it was said once', () => ({ pragma: 'no-cache' }), undefined],
    ['private', () => ({ 'cache-control': 'private, max-age=60' }), undefined],
    ['Expires', () => ({ date: inSeconds(0), expires: inSeconds(40) }), 40],
    ['an Expires that has passed', () => ({ expires: inSeconds(-1) }), undefined],
    ['an Expires that is no date', () => ({ expires: '0' }), undefined],
    [
      'max-age before Expires',
      () => ({ 'cache-control': 'max-age=20', expires: inSeconds(200) }),
      20,
    ],
    ['public and no more', () => ({ 'cache-control': 'public' }), undefined],
    [
      'max-age, whatever it says of what has expired',
      () => ({ 'cache-control': 'max-age=20, stale-while-revalidate=200' }),
      20,
    ],
    [
      'max-age, whatever it says of errors',
      () => ({ 'cache-control': 'max-age=20, stale-if-error=86400' }),
      20,
    ],
    [
      'no longer at all if it has expired, whatever it says of errors',
      () => ({ 'cache-control': 'max-age=20, stale-if-error=86400', age: '30' }),
      undefined,
    ],
  ];
  for (const [what, headers, expected] of said) {
    it(what, async () => {
      world.gates.user.say((path) => (MANY.test(path) ? headers() : {}));
      const query = `{ profile(id: "${id++}") { name } }`;
      const seconds = await sharedMaxAge(world, query);
      const how = howOf(await world.ask(query));
      if (expected === undefined) {
        assert.equal(seconds, undefined);
        assert.equal(how, 'not kept');
      } else {
        // What began a moment ago is a moment old.
        assert.ok(seconds === expected || seconds === expected - 1, `${seconds} s`);
        assert.equal(how, 'hit');
      }
    });
  }
});

/** How long the cache will serve what it has, in seconds. */
const ttlOf = ({ headers }: { readonly headers: Headers }): number =>
  Number(/; hit; ttl=(-?\d+)/.exec(headers.get('cache-status') ?? '')?.[1]);

describe('an answer that is made of several', () => {
  const BOTH = `{ announcements { title } profile(id: "${ME}") { name } }`;

  it('may be kept as long as each of them', async () => {
    await using world = await startGated(mobile);
    world.gates.user.say(() => ({ 'cache-control': 'max-age=20' }));
    world.gates.notification.say(() => ({ 'cache-control': 'max-age=40' }));
    const seconds = await sharedMaxAge(world, BOTH);
    assert.ok(seconds === 20 || seconds === 19);
  });

  it('is not kept if one of them is not', async () => {
    await using world = await startGated(mobile);
    world.gates.notification.say(() => ({ 'cache-control': 'no-store' }));
    assert.equal(await sharedMaxAge(world, BOTH), undefined);
    assert.equal(howOf(await world.ask(BOTH)), 'not kept');
  });

  it('is not kept beyond the time of the first, however long the last one takes', async () => {
    await using world = await startGated(mobile);
    world.gates.user.say(() => ({ 'cache-control': 'max-age=2' }));
    const slow = world.gates.notification.hold(/^\/announcements/);
    const asked = world.ask(BOTH);
    await slow.has(1);
    await sleep(2_100);
    slow.letGo();
    assert.equal(howOf(await asked), 'not kept');
  });

  it('is kept for one user also where a service calls it private, and as long as that says', async () => {
    await using world = await startGated(mobile);
    world.gates.order.say(() => ({ 'cache-control': 'private, max-age=10' }));
    const copy = { query: '{ dashboard { orders { id } } }', headers: await signIn(world, ME) };
    assert.equal(howOf(await ask(world, copy)), 'stored');
    const again = await ask(world, copy);
    assert.ok(ttlOf(again) < 10);
    assert.equal(howOf(await world.ask(copy.query, { as: OTHER })), 'stored');
  });
});

describe('what a service says of a call that several share', () => {
  it('holds for each of them', async () => {
    await using world = await startGated(mobile);
    world.gates.user.say((path) => (MANY.test(path) ? { 'cache-control': 'no-store' } : {}));
    const profiles = [1, 2, 3].map((id) => ({ query: `{ profile(id: "${id}") { name } }` }));
    const { answers } = await send(world, ...profiles);
    assert.deepEqual((await answers).map(howOf), Array(3).fill('not kept'));
    for (const { query } of profiles) assert.equal(howOf(await world.ask(query)), 'not kept');
  });

  it('holds also for who joined when it was under way', async () => {
    await using world = await startGated(mobile);
    world.gates.notification.say(() => ({ 'cache-control': 'no-store' }));
    const held = world.gates.notification.hold(/^\/announcements/);
    const first = await send(world, { query: '{ announcements { title } }' });
    await held.has(1);
    const second = await send(world, { query: '{ announcements { body } }' });
    held.letGo();
    const all = [...(await first.answers), ...(await second.answers)];
    assert.deepEqual(all.map(howOf), ['not kept', 'not kept']);
    assert.equal(held.count(), 1);
  });
});

describe('nothing is fresh for longer than the schema says', () => {
  const hints: Readonly<Record<string, number>> = {
    '{ announcements { title } }': 60,
    [`{ profile(id: "${ME}") { name } }`]: 300,
    [`{ announcements { title } profile(id: "${ME}") { name } }`]: 60,
    '{ viewer { orders { edges { node { id } } } } }': 30,
    '{ viewer { unreadCount } announcements { title } }': 30,
    [STAFF['staff: recent orders']?.query ?? '']: 10,
    [STAFF['staff: customers']?.query ?? '']: 30,
  };

  it('whatever the services say', async () => {
    await using world = await startGated(web);
    for (const gate of Object.values(world.gates)) {
      gate.say(() => ({ 'cache-control': 'max-age=86400' }));
    }
    const headers = await signIn(world, 'staff');
    for (const [query, seconds] of Object.entries(hints)) {
      assert.equal(howOf(await world.ask(query, { headers })), 'stored', query);
      const ttl = ttlOf(await world.ask(query, { headers }));
      assert.ok(ttl < seconds, `${query}: ${ttl}`);
    }
  });
});
