import assert from 'node:assert/strict';
import { test } from 'node:test';
import CachePolicy from 'http-cache-semantics';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Asker, authorization, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const VARY = 'Accept, Accept-Encoding, Accept-Language';
const STALE = 'stale-while-revalidate=30, stale-if-error=300';
const MINE = { web: '{ viewer { user { id } } }', mobile: '{ dashboard { user { id } } }' };

/** The types are of a version that could not tell this yet. */
interface WithStale extends CachePolicy {
  useStaleWhileRevalidate(): boolean;
}

const addressOf = ({ endpoint }: World, query: string) =>
  `${endpoint}?${new URLSearchParams({ query })}`;

const get = (world: World, query: string, headers: Record<string, string> = {}) =>
  fetch(addressOf(world, query), { headers });

/** The tags by which a CDN may purge the answer: twice the same, once for each kind of CDN. */
function tagsOf({ headers }: Response): Set<string> {
  const spaced = headers.get('surrogate-key')?.split(' ');
  assert.deepEqual(headers.get('cache-tag')?.split(','), spaced);
  assert.equal(new Set(spaced).size, spaced?.length, 'each tag once');
  return new Set(spaced);
}

for (const bff of [web, mobile]) {
  test(`${bff.name}: what everyone may see may be kept by CDNs, with the tags of what it holds`, async () => {
    await using world = await startWorld(bff, CACHED);
    const card = await get(world, '{ profile(id: "42") { id } }');
    assert.equal(card.headers.get('cache-control'), 'public, max-age=0, s-maxage=300');
    assert.equal(card.headers.get('cdn-cache-control'), `public, max-age=300, ${STALE}`);
    assert.equal(card.headers.get('vary'), VARY);
    assert.deepEqual(tagsOf(card), new Set(['Query.profile', 'User', 'User:42']));

    const both = await get(world, '{ profile(id: "43") { name } announcements { id } }');
    assert.equal(both.headers.get('cache-control'), 'public, max-age=0, s-maxage=60');
    assert.equal(both.headers.get('cdn-cache-control'), `public, max-age=60, ${STALE}`);
    const { data } = (await both.json()) as { data: { announcements: { id: string }[] } };
    const fields = ['Query.profile', 'Query.announcements'];
    const types = ['User', 'announcements', 'Announcement'];
    const objects = data.announcements.map(({ id }) => `Announcement:${id}`);
    assert.deepEqual(tagsOf(both), new Set([...fields, ...types, ...objects, 'User:43']));
  });

  test(`${bff.name}: what is not there has the tag by which it would be purged`, async () => {
    await using world = await startWorld(bff, CACHED);
    const deleted = await get(world, `{ profile(id: "${CAST.deleted}") { id } }`);
    assert.deepEqual(await deleted.clone().json(), { data: { profile: null } });
    assert.ok(tagsOf(deleted).has(`User:${CAST.deleted}`));
  });

  test(`${bff.name}: a hit, a miss and a 304 say the same to caches`, async () => {
    await using world = await startWorld(bff, CACHED);
    const query = '{ announcements { id } }';
    const miss = await get(world, query);
    const hit = await get(world, query);
    const known = await get(world, query, {
      'if-none-match': miss.headers.get('etag') ?? '',
      // Without it, fetch adds `no-cache`.
      'cache-control': 'max-age=60',
    });
    assert.equal(known.status, 304);
    for (const name of ['cache-control', 'vary', 'etag', 'surrogate-key', 'cache-tag']) {
      assert.ok(miss.headers.get(name), name);
      assert.equal(hit.headers.get(name), miss.headers.get(name), name);
      assert.equal(known.headers.get(name), miss.headers.get(name), name);
    }
  });

  test(`${bff.name}: what is one viewer's may be kept by their own cache alone`, async () => {
    await using world = await startWorld(bff, CACHED);
    const headers = await authorization(CAST.customer);
    const query = MINE[bff.name as keyof typeof MINE];
    for (const outcome of [/; stored$/, /; hit;/]) {
      assertPrivate(await get(world, query, headers), outcome);
    }
  });

  test(`${bff.name}: a field of the viewer's makes the whole answer theirs`, async () => {
    await using world = await startWorld(bff, CACHED);
    const headers = await authorization(CAST.customer);
    const query = `${MINE[bff.name as keyof typeof MINE].slice(0, -1)} announcements { id } }`;
    for (const outcome of [/; stored$/, /; hit;/]) {
      assertPrivate(await get(world, query, headers), outcome);
    }
  });

  test(`${bff.name}: nothing of one answer's own is in another`, async () => {
    await using world = await startWorld(bff, CACHED);
    const query = '{ announcements { id } }';
    const given = ['first', 'second', 'third'];
    const answers = [];
    for (const id of given) answers.push(await get(world, query, { 'x-request-id': id }));
    answers.push(...(await Promise.all([get(world, query), get(world, query)])));
    const ids = new Set(answers.map(({ headers }) => headers.get('x-request-id') ?? ''));
    assert.equal(ids.size, answers.length);
    assert.ok(given.every((id) => !ids.has(id)) && !ids.has(''), [...ids].join());
    for (const { headers } of answers) assert.deepEqual(headers.getSetCookie(), []);
  });

  test(`${bff.name}: a browser keeps an answer, and asks each time whether it is still good`, async () => {
    await using world = await startWorld(bff, CACHED);
    const query = '{ announcements { id } }';
    const { status, headers } = await get(world, query);
    const request = { method: 'GET', url: addressOf(world, query), headers: {} };
    const response = { status, headers: Object.fromEntries(headers) };
    const browser = new CachePolicy(request, response, { shared: false }) as WithStale;
    assert.ok(browser.storable());
    assert.equal(browser.satisfiesWithoutRevalidation(request), false);
    assert.equal(browser.useStaleWhileRevalidate(), false, 'it would show what was purged');
  });
}

test('what a role may see may be kept by one cache alone, and names who asks in Vary', async () => {
  await using world = await startWorld(web, CACHED);
  for (const query of ['{ recentOrders(first: 2) { id } }', '{ customers { edges { cursor } } }']) {
    for (const outcome of [/; stored$/, /; hit;/]) {
      assertPrivate(await get(world, query, await authorization('staff')), outcome);
    }
  }
});

test('neither a token nor its lack changes what caches are told of what everyone may see', async () => {
  await using world = await startWorld(web, CACHED);
  const query = '{ profile(id: "42") { id } }';
  const askers: Asker[] = ['anonymous', CAST.customer, 'staff'];
  const told = new Set<string>();
  for (const asker of askers) {
    const { headers } = await get(world, query, await authorization(asker));
    told.add(`${headers.get('cache-control')} ${headers.get('vary')} ${headers.get('etag')}`);
  }
  assert.equal(told.size, 1);
});

function assertPrivate({ headers }: Response, outcome: RegExp): void {
  assert.match(headers.get('cache-status') ?? '', outcome);
  assert.equal(headers.get('cache-control'), 'private, no-cache');
  assert.equal(headers.get('vary'), `${VARY}, Authorization, Cookie, X-API-Key`);
  assert.match(headers.get('etag') ?? '', /^"[\w-]+"$/);
  assert.equal(headers.get('surrogate-key'), null);
  assert.equal(headers.get('cache-tag'), null);
}
