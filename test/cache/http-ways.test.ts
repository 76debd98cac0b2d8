import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const WAYS = ['GET text', 'GET hash', 'POST text', 'POST hash'] as const;
type Way = (typeof WAYS)[number];

/** What an operation is asked with, next to its text or hash. */
interface Rest {
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

async function send({ endpoint }: World, way: Way, text: string, { variables, headers }: Rest) {
  const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', text) } };
  const named = way.endsWith('text') ? { query: text } : { extensions };
  return exchange(endpoint, way.startsWith('GET'), { ...named, variables }, headers);
}

async function exchange(
  endpoint: string,
  isGet: boolean,
  content: Record<string, unknown>,
  headers: Record<string, string> = {},
) {
  const given = Object.entries(content).filter(([, value]) => value !== undefined);
  const texts = given.map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const response = isGet
    ? await fetch(`${endpoint}?${new URLSearchParams(texts)}`, { headers })
    : await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(content),
      });
  const status = response.headers.get('cache-status') ?? '';
  return { code: response.status, cacheStatus: status, text: await response.text() };
}

const sourceOf = (name: string, folder: URL) =>
  readFile(new URL(`${name}.graphql`, folder), 'utf8');

for (const bff of [web, mobile]) {
  test(`${bff.name}: whichever way an answer was asked for first, each way gets the same bytes`, async () => {
    await using world = await startWorld(bff, CACHED);
    const text = await sourceOf('PublicProfile', bff.operations);
    for (const [n, first] of WAYS.entries()) {
      const rest = { variables: { id: String(20 + n) } };
      const stored = await send(world, first, text, rest);
      assert.match(stored.cacheStatus, /; stored$/, first);
      assert.match(stored.text, new RegExp(`^{"data":{"profile":{"id":"${20 + n}","name":"`));
      for (const way of WAYS) {
        const again = await send(world, way, text, rest);
        assert.match(again.cacheStatus, /; hit;/, `${first}, then ${way}`);
        assert.equal(again.text, stored.text, `${first}, then ${way}`);
      }
    }
    assert.equal(world.calls().length, WAYS.length);
  });

  test(`${bff.name}: the first screen of one viewer is theirs each way, and no one else's`, async () => {
    await using world = await startWorld(bff, CACHED);
    const text = await sourceOf(bff.example, bff.operations);
    const mine = await authorization(CAST.customer);
    const stored = await send(world, 'POST hash', text, { headers: mine });
    assert.match(stored.cacheStatus, /; stored$/);
    for (const way of WAYS) {
      const again = await send(world, way, text, { headers: mine });
      assert.match(again.cacheStatus, /; hit;/, way);
      assert.equal(again.text, stored.text, way);
      const others = await send(world, way, text, { headers: await authorization('staff') });
      assert.notEqual(others.text, stored.text, way);
    }
  });

  test(`${bff.name}: a text that came with its hash once is known by the hash alone, both ways`, async () => {
    for (const isGet of [true, false]) {
      await using world = await startWorld(bff, CACHED);
      const query = '{ announcements { id title } }';
      const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', query) } };
      const unknown = await exchange(world.endpoint, isGet, { extensions });
      assert.match(unknown.text, /"PERSISTED_QUERY_NOT_FOUND"/);
      const stored = await exchange(world.endpoint, isGet, { query, extensions });
      assert.match(stored.cacheStatus, /; stored$/);
      for (const way of WAYS) {
        const again = await send(world, way, query, {});
        assert.match(again.cacheStatus, /; hit;/, way);
        assert.equal(again.text, stored.text, way);
      }
    }
  });

  test(`${bff.name}: what else an address or a body says makes no other answer of it`, async () => {
    await using world = await startWorld(bff, CACHED);
    const query = '{ announcements { id } }';
    const stored = await exchange(world.endpoint, true, { query });
    for (const isGet of [true, false]) {
      const more = { extensions: { other: 1 }, id: '1', operationName: undefined };
      const again = await exchange(world.endpoint, isGet, { ...more, query });
      assert.match(again.cacheStatus, /; hit;/);
      assert.equal(again.text, stored.text);
    }
  });

  test(`${bff.name}: without memory for it nothing is kept, and the answers are the same`, async () => {
    await using plain = await startWorld(bff);
    await using cached = await startWorld(bff, CACHED);
    const query = '{ announcements { id title } }';
    const kept = await exchange(cached.endpoint, true, { query });
    for (let n = 0; n < 2; n++) {
      const made = await exchange(plain.endpoint, true, { query });
      assert.equal(made.cacheStatus, 'frontdesk; fwd=uri-miss');
      assert.equal(made.text, kept.text);
    }
  });
}
