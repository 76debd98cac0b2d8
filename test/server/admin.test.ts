import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { DEMO_PURGE_SECRET } from '../../services/support/demo-purge-secret.ts';
import { webhookHeaders } from '../../services/support/webhook.ts';
import { loadConfig } from '../../src/config/index.ts';
import { type Environment, startEnvironment, type TestResponse } from '../support/environment.ts';
import { PRODUCTION, UNREACHABLE_UPSTREAMS } from '../support/production.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const QUERY = '{ profile(id: "42") { name } }';
const BODY = JSON.stringify({ tags: ['User:42'] });
const MALFORMED_BODIES = [
  '',
  '{',
  'null',
  '[]',
  '"User:42"',
  '{"tags":"User:42"}',
  '{"tags":{"0":"a"}}',
];

interface Signing {
  readonly id?: string;
  readonly secret?: string;
  /** Seconds between now and the timestamp. */
  readonly offset?: number;
}

const signed = (body: string, { id, secret = DEMO_PURGE_SECRET, offset = 0 }: Signing = {}) =>
  webhookHeaders({
    body,
    secret,
    ...(id !== undefined && { id }),
    timestamp: Math.floor(Date.now() / 1_000) + offset,
  });

async function purge(
  { adminUrl }: Environment,
  body: string,
  headers: Record<string, string> = signed(body),
): Promise<TestResponse> {
  const response = await fetch(`${adminUrl}/purge`, {
    method: 'POST',
    headers,
    body,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function isHit(environment: Environment): Promise<boolean> {
  return /; hit;/.test((await environment.send(QUERY)).headers.get('cache-status') ?? '');
}

function assertError({ status, body }: TestResponse, expected: number, code: string, what: string) {
  const [{ message, extensions }] = body.errors;
  assert.deepEqual({ status, code: extensions.code }, { status: expected, code }, what);
  assert.ok(message && extensions.requestId, what);
}

for (const bff of [web, mobile]) {
  test(`${bff.name} admin listener accepts a replayed message and purges nothing`, async () => {
    await using environment = await startEnvironment(bff, CACHED);
    const headers = signed(BODY);
    assert.deepEqual((await purge(environment, BODY, headers)).body, { purged: 1 });
    await environment.send(QUERY);
    for (const replayed of [headers, signed(BODY, { id: headers['webhook-id'], offset: 1 })]) {
      assert.deepEqual((await purge(environment, BODY, replayed)).body, { purged: 0 });
      assert.ok(await isHit(environment));
    }
  });

  test(`${bff.name} admin listener refuses a message with an invalid signature`, async () => {
    await using environment = await startEnvironment(bff, CACHED);
    await environment.send(QUERY);
    const good = signed(BODY);
    const { 'webhook-signature': signature } = good;
    const wrong: Record<string, Record<string, string>> = {
      'of another secret': signed(BODY, { secret: 'x'.repeat(32) }),
      'of another body': signed(JSON.stringify({ tags: ['User:43'] })),
      'of other white space': signed(BODY.replace(':', ': ')),
      'from the past': signed(BODY, { offset: -600 }),
      'from the future': signed(BODY, { offset: 600 }),
      'without a signature': { ...good, 'webhook-signature': '' },
      'with another id': { ...good, 'webhook-id': randomUUID() },
      'of another version': { ...good, 'webhook-signature': signature.replace('v1', 'v2') },
      'without headers': {},
      'with a token instead': { authorization: `Bearer ${DEMO_PURGE_SECRET}` },
    };
    for (const [what, headers] of Object.entries(wrong)) {
      assertError(await purge(environment, BODY, headers), 401, 'UNAUTHENTICATED', what);
      assert.ok(await isHit(environment), what);
    }
    // A refused message does not use up its id.
    assert.deepEqual((await purge(environment, BODY, good)).body, { purged: 1 });
  });

  test(`${bff.name} admin listener accepts a message if one of its signatures is valid`, async () => {
    await using environment = await startEnvironment(bff, {
      ...CACHED,
      PURGE_SECRET: 'n'.repeat(32),
    });
    const headers = signed(BODY, { secret: 'n'.repeat(32) });
    const { 'webhook-signature': old } = signed(BODY, { id: headers['webhook-id'] });
    const both = { ...headers, 'webhook-signature': `${old} ${headers['webhook-signature']}` };
    assertError(
      await purge(environment, BODY, signed(BODY)),
      401,
      'UNAUTHENTICATED',
      'the old signature alone',
    );
    assert.deepEqual((await purge(environment, BODY, both)).body, { purged: 1 });
  });

  test(`${bff.name} admin listener refuses malformed tags, and then accepts a corrected message with the same id`, async () => {
    await using environment = await startEnvironment(bff, CACHED);
    await environment.send(QUERY);
    const many = Array.from({ length: 1_001 }, (_, n) => `User:${n}`);
    const lists = [[], [42], [['User:42']], ['User:42', null], many];
    const tags = ['', 'User 42', 'User:42\n', '*', 'ü', 'a,b', 'x'.repeat(201)];
    const bodies = [
      ...MALFORMED_BODIES,
      ...lists.map((list) => JSON.stringify({ tags: list })),
      ...tags.map((tag) => JSON.stringify({ tags: ['User:42', tag] })),
    ];
    for (const body of bodies) {
      const what = body.slice(0, 60);
      assertError(await purge(environment, body), 400, 'BAD_USER_INPUT', what);
      assert.ok(await isHit(environment), what);
    }
    const corrected = { id: randomUUID() };
    assert.equal((await purge(environment, '{}', signed('{}', corrected))).status, 400);
    assert.deepEqual((await purge(environment, BODY, signed(BODY, corrected))).body, { purged: 1 });
    const largest = await purge(environment, JSON.stringify({ tags: many.slice(1) }));
    assert.deepEqual(largest.body, { purged: 1_000 });
  });

  test(`${bff.name} admin listener ignores the content type of a message`, async () => {
    await using environment = await startEnvironment(bff, CACHED);
    for (const type of ['application/json', 'text/plain', 'application/octet-stream']) {
      const headers = { ...signed(BODY), 'content-type': type };
      assert.deepEqual((await purge(environment, BODY, headers)).body, { purged: 1 }, type);
    }
    const untyped = await fetch(`${environment.adminUrl}/purge`, {
      method: 'POST',
      headers: signed(BODY),
      body: Buffer.from(BODY),
    });
    assert.deepEqual(await untyped.json(), { purged: 1 });
  });

  test(`${bff.name} admin listener refuses a body that is too large`, async () => {
    await using environment = await startEnvironment(bff, CACHED);
    const large = await purge(environment, `${BODY}${' '.repeat(256 * 1_024)}`);
    assertError(large, 413, 'BAD_REQUEST', 'large');
  });
}

test('admin listener serves only POST /purge, and the public listener does not serve it', async () => {
  await using environment = await startEnvironment(web, CACHED);
  const headers = signed(BODY);
  const elsewhere = [
    ...['GET', 'PUT', 'DELETE', 'PATCH'].map((method) => ({ method, path: '/purge' })),
    ...['/', '/purge/User:42', '/graphql'].map((path) => ({ method: 'POST', path })),
  ];
  const responses = elsewhere.map(({ method, path }) => {
    const init = { method, headers, ...(method !== 'GET' && { body: BODY }) };
    return fetch(environment.adminUrl + path, init);
  });
  responses.push(
    fetch(`${environment.url}/purge`, { method: 'POST', headers, body: Buffer.from(BODY) }),
  );
  for (const response of await Promise.all(responses)) {
    const text = await response.text();
    assert.match(
      `${response.status} ${text}`,
      /^(404|415) .*"(NOT_FOUND|BAD_REQUEST)".*"requestId"/,
    );
  }
  assert.deepEqual((await purge(environment, BODY, headers)).body, { purged: 1 });
});

test('admin listener returns the X-Request-Id of a request, or a new one', async () => {
  await using environment = await startEnvironment(web, CACHED);
  const headers = { ...signed(BODY), 'x-request-id': 'from-the-sender' };
  assert.equal(
    (await purge(environment, BODY, headers)).headers.get('x-request-id'),
    'from-the-sender',
  );
  const refused = await purge(environment, BODY, { 'x-request-id': 'refused' });
  assert.equal(refused.headers.get('x-request-id'), 'refused');
  assert.equal(refused.body.errors[0].extensions.requestId, 'refused');
  const generated = await purge(environment, '{');
  assert.match(generated.body.errors[0].extensions.requestId, /^[\da-f]{8}-/);
});

test('admin listener in production accepts no purges without a secret, and the configuration refuses that of the demo', async () => {
  await using environment = await startEnvironment(web, {
    ...CACHED,
    ...PRODUCTION,
    ...UNREACHABLE_UPSTREAMS,
  });
  assertError(await purge(environment, BODY), 404, 'NOT_FOUND', 'without a secret');
  for (const bff of [web, mobile]) {
    const env = { ...PRODUCTION, ...UNREACHABLE_UPSTREAMS, PURGE_SECRET: DEMO_PURGE_SECRET };
    assert.throws(() => loadConfig(env, bff), /PURGE_SECRET: must not be the demo's/);
  }
});

test('admin listener in production accepts purges that are signed with its secret', async () => {
  const secret = 'a-secret-of-this-production-alone';
  await using environment = await startEnvironment(web, {
    ...CACHED,
    ...PRODUCTION,
    ...UNREACHABLE_UPSTREAMS,
    PURGE_SECRET: secret,
  });
  assertError(
    await purge(environment, BODY),
    401,
    'UNAUTHENTICATED',
    'with the secret of the demo',
  );
  assert.deepEqual((await purge(environment, BODY, signed(BODY, { secret }))).body, { purged: 1 });
});
