import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, startWorld, type World } from '../support/world.ts';

const ORIGIN = 'https://shop.example';
const OTHER_ORIGIN = 'https://app.shop.example';
const LIMIT = 100_000;
const ENV = {
  CACHE_MEMORY_MB: '64',
  CORS_ORIGINS: `${ORIGIN},${OTHER_ORIGIN}`,
  RATE_LIMIT_ADDRESS: String(LIMIT),
  RATE_LIMIT_VIEWER: String(LIMIT),
};
const PUBLIC = '{ announcements { id title body publishedAt } }';
const PRIVATE = '{ dashboard { user { id } } }';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const MINE = { 'x-request-id': 'mine' };

/** Headers of a public answer, which are the same for every client, or are named in Vary. */
const SHARED = [
  'access-control-allow-origin',
  'access-control-expose-headers',
  'age',
  'cache-control',
  'cache-status',
  'cache-tag',
  'cdn-cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-resource-policy',
  'date',
  'etag',
  'keep-alive',
  'referrer-policy',
  'strict-transport-security',
  'surrogate-key',
  'vary',
  'x-content-type-options',
  'x-request-id',
];

interface Sent {
  readonly query?: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask({ endpoint }: World, { query = PUBLIC, method = 'GET', headers }: Sent) {
  const isPosted = method === 'POST';
  const address = isPosted ? endpoint : `${endpoint}?${new URLSearchParams({ query })}`;
  const asked = request(address, {
    method,
    headers: {
      origin: ORIGIN,
      ...(isPosted && { 'content-type': 'application/json' }),
      ...headers,
    },
  }).end(isPosted ? JSON.stringify({ query }) : undefined);
  const [response]: IncomingMessage[] = await once(asked, 'response');
  assert.ok(response);
  await response.toArray();
  return response;
}

/** A public answer in every form that a shared cache may store. */
async function publicAnswers(world: World, headers: Record<string, string>) {
  const stored = await ask(world, { headers });
  const { etag = '' } = stored.headers;
  return {
    stored,
    hit: await ask(world, { headers }),
    compressed: await ask(world, { headers: { ...headers, 'accept-encoding': 'br' } }),
    'not modified': await ask(world, { headers: { ...headers, 'if-none-match': etag } }),
    'without a body': await ask(world, { method: 'HEAD', headers }),
  };
}

test('a public answer over GET has no header of the client that asked, which a shared cache would send to others', async () => {
  await using world = await startWorld(mobile, ENV);
  const answers = await publicAnswers(world, { ...MINE, ...(await authorization(CAST.customer)) });
  assert.match(String(answers.stored.headers['cache-status']), /stored/);
  assert.equal(answers.compressed.headers['content-encoding'], 'br');
  assert.equal(answers['not modified'].statusCode, 304);
  const ids = new Set<unknown>();
  for (const [name, { headers }] of Object.entries(answers)) {
    assert.match(headers['cache-control'] ?? '', /^public/, name);
    const others = Object.keys(headers).filter((header) => !SHARED.includes(header));
    assert.deepEqual(others, [], name);
    assert.match(String(headers['x-request-id']), UUID, name);
    ids.add(headers['x-request-id']);
  }
  assert.equal(ids.size, Object.keys(answers).length, 'each has an id of its own');
});

test('a public answer names Origin in Vary, also for a client without one and one of a foreign origin', async () => {
  await using world = await startWorld(mobile, ENV);
  const allowed = { [ORIGIN]: ORIGIN, [OTHER_ORIGIN]: OTHER_ORIGIN, 'https://evil.example': '' };
  for (const [origin, allowOrigin] of Object.entries(allowed)) {
    for (const [name, { headers }] of Object.entries(await publicAnswers(world, { origin }))) {
      assert.equal(headers['access-control-allow-origin'] ?? '', allowOrigin, name);
      assert.match(headers.vary ?? '', /^Accept, .*, Origin$/, name);
    }
  }
  const address = `${world.endpoint}?${new URLSearchParams({ query: PUBLIC })}`;
  const { headers } = await fetch(address);
  assert.equal(headers.get('access-control-allow-origin'), null);
  assert.match(headers.get('vary') ?? '', /, Origin$/);
});

test('an answer that no shared cache stores has the id that the client sent, and what is left to it', async () => {
  await using world = await startWorld(mobile, ENV);
  const headers = { ...MINE, ...(await authorization(CAST.customer)) };
  const left: number[] = [];
  for (const sent of [
    { headers, query: PRIVATE },
    { headers, query: PRIVATE },
    { headers, method: 'POST' },
    { headers, method: 'POST' },
  ] as const) {
    const answer = await ask(world, sent);
    assert.match(answer.headers['cache-control'] ?? '', /^(private|no-store)/);
    assert.equal(answer.headers['x-request-id'], 'mine');
    assert.equal(answer.headers['access-control-allow-origin'], ORIGIN);
    const rests = [...String(answer.headers.ratelimit).matchAll(/r=(\d+)/g)].map(([, r]) =>
      Number(r),
    );
    assert.equal(rests.length, 2);
    left.push(...rests.slice(0, 1));
  }
  assert.ok(
    left.every((rest, n) => rest < (left[n - 1] ?? LIMIT)),
    left.join(),
  );
});
