import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { startWorld, type World } from '../support/world.ts';

const ORIGIN = 'https://shop.example';
const LIMIT = 100_000;
const ENV = { CACHE_MEMORY_MB: '64', CORS_ORIGINS: ORIGIN, RATE_LIMIT_ADDRESS: String(LIMIT) };
const QUERY = '{ announcements { id title body publishedAt } }';

async function get({ endpoint }: World, headers: Record<string, string> = {}) {
  const address = `${endpoint}?${new URLSearchParams({ query: QUERY })}`;
  const asked = request(address, { headers: { origin: ORIGIN, ...headers } }).end();
  const [response]: IncomingMessage[] = await once(asked, 'response');
  assert.ok(response);
  await response.toArray();
  return response;
}

test('what is stored is answered with what only this asker is told: whose pages may read it, and what is left', async () => {
  await using world = await startWorld(mobile, ENV);
  const first = await get(world);
  const { etag = '' } = first.headers;
  const hits: Readonly<Record<string, IncomingMessage>> = {
    whole: await get(world, { 'x-request-id': 'mine' }),
    compressed: await get(world, { 'accept-encoding': 'br' }),
    'not modified': await get(world, { 'if-none-match': etag }),
  };
  assert.equal(hits.whole?.headers['x-request-id'], 'mine');
  assert.equal(hits.compressed?.headers['content-encoding'], 'br');
  assert.equal(hits['not modified']?.statusCode, 304);

  const left: number[] = [];
  for (const [name, { headers }] of Object.entries({ first, ...hits })) {
    assert.equal(headers['access-control-allow-origin'], ORIGIN, name);
    assert.match(headers.vary ?? '', /^Accept, .*, Origin$/, name);
    const [, rest] = /^"address";r=(\d+);t=\d+$/.exec(String(headers.ratelimit)) ?? [];
    left.push(Number(rest));
  }
  assert.ok(
    left.every((rest, n) => rest < (left[n - 1] ?? LIMIT)),
    left.join(),
  );
});
