import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { PRODUCTION } from '../support/production.ts';
import { until } from '../support/until.ts';
import { type Asker, authorization, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
/** What is asked, by whom, and the operation of which service it is not whole without. */
interface Case {
  readonly query: string;
  readonly as: Asker;
  readonly without: readonly [service: keyof World['services'], operation: string];
}

const USERS = ['user', 'usersByIds'] as const;
const NEWS = ['notification', 'announcements'] as const;

const SHARED: readonly Case[] = [
  { query: '{ profile(id: "42") { id name } }', as: 'anonymous', without: USERS },
  { query: '{ announcements { id } }', as: 'anonymous', without: NEWS },
  { query: '{ announcements { id } profile(id: "42") { id } }', as: 'anonymous', without: USERS },
];
const WEB: readonly Case[] = [
  {
    query: '{ recentOrders(first: 2) { id } }',
    as: 'staff',
    without: ['order', 'recentOrders'],
  },
  { query: '{ recentOrders(first: 2) { id customer { id } } }', as: 'staff', without: USERS },
  {
    query: '{ viewer { id user { name } unreadCount } }',
    as: CAST.customer,
    without: ['notification', 'unreadByUsers'],
  },
];
const MOBILE: readonly Case[] = [
  {
    query: '{ dashboard { user { id } orders { id } unreadCount } }',
    as: CAST.customer,
    without: ['order', 'ordersByUsers'],
  },
  { query: '{ dashboard { user { id } announcements { id } } }', as: 'staff', without: NEWS },
];

const FAULTS = [{ status: 500 }, { malformed: 'json' }, { malformed: 'types' }] as const;

async function get({ endpoint }: World, query: string, as: Asker = 'anonymous') {
  const headers = await authorization(as);
  const response = await fetch(`${endpoint}?${new URLSearchParams({ query })}`, { headers });
  return { response, text: await response.text() };
}

for (const [bff, own] of [
  [web, WEB],
  [mobile, MOBILE],
] as const) {
  const cases = [...SHARED, ...own];

  for (const fault of FAULTS) {
    test(`${bff.name}: what failed is not kept, and is whole once it can be: ${JSON.stringify(fault)}`, async () => {
      for (const { query, as, without } of cases) {
        await using world = await startWorld(bff, CACHED);
        const [service, operation] = without;
        const { control } = world.services[service];
        control.faults({ [operation]: fault });
        for (let n = 0; n < 2; n++) {
          const { response, text } = await get(world, query, as);
          assert.match(text, /"UPSTREAM_/, query);
          assert.equal(response.headers.get('cache-status'), 'frontdesk; fwd=uri-miss', query);
          assert.equal(response.headers.get('cache-control'), 'no-store', query);
          for (const name of ['etag', 'surrogate-key', 'cache-tag', 'age']) {
            assert.equal(response.headers.get(name), null, query);
          }
        }
        control.clear();
        // A breaker may still be open.
        await until(async () => !(await get(world, query, as)).text.includes('"errors"'));
        const { response } = await get(world, query, as);
        assert.match(response.headers.get('cache-status') ?? '', /; hit;/, query);
      }
    });
  }

  test(`${bff.name}: what was whole stays so while its service is down`, async () => {
    for (const { query, as, without } of cases) {
      await using world = await startWorld(bff, CACHED);
      const whole = await get(world, query, as);
      const [service, operation] = without;
      world.services[service].control.faults({ [operation]: { status: 500 } });
      const kept = await get(world, query, as);
      assert.match(kept.response.headers.get('cache-status') ?? '', /; hit;/, query);
      assert.equal(kept.text, whole.text, query);
    }
  });

  test(`${bff.name}: what has no answer for one viewer takes none from another`, async () => {
    await using world = await startWorld(bff, CACHED);
    for (const { query, as } of cases) {
      if (as === 'anonymous') continue;
      await get(world, query, as);
      for (let n = 0; n < 2; n++) {
        const { response, text } = await get(world, query);
        assert.match(text, /"errors"/, query);
        assert.equal(response.headers.get('cache-control'), 'no-store', query);
      }
    }
  });

  test(`${bff.name}: production refuses introspection each time, by text and by hash`, async () => {
    await using world = await startWorld(bff, { ...CACHED, ...PRODUCTION });
    for (const query of [
      '{ __schema { types { name } } }',
      '{ announcements { id } __schema { description } }',
      'query Q { ...F } fragment F on Query { announcements { id } hidden: __schema { description } }',
      '{ announcements { id } __type(name: "User") { fields { name } } }',
    ]) {
      const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', query) } };
      for (let n = 0; n < 2; n++) {
        const got = await get(world, query);
        assert.match(got.text, /"GRAPHQL_VALIDATION_FAILED"/, query);
        const posted = await world.post({ query, extensions });
        const named = await world.post({ extensions });
        assert.equal(named.body.errors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND', query);
        for (const { headers } of [got.response, posted, named]) {
          assert.equal(headers.get('cache-control'), 'no-store', query);
          assert.equal(headers.get('cache-status'), 'frontdesk; fwd=bypass', query);
        }
        for (const body of [JSON.parse(got.text), posted.body, named.body]) {
          assert.equal(body.data, undefined, query);
        }
      }
    }
  });

  test(`${bff.name}: in production a stored answer is the same as elsewhere`, async () => {
    await using world = await startWorld(bff, { ...CACHED, ...PRODUCTION });
    const first = await get(world, '{ announcements { id } }');
    const second = await get(world, '{ announcements { id } }');
    assert.match(second.response.headers.get('cache-status') ?? '', /; hit;/);
    assert.equal(second.text, first.text);
  });
}
