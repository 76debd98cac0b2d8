import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { DEMO_PURGE_SECRET } from '../../services/support/demo-purge-secret.ts';
import { webhookHeaders } from '../../services/support/webhook.ts';
import { loadConfig } from '../../src/config/index.ts';
import type { TestResponse } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { PRODUCTION, UNREACHABLE_UPSTREAMS } from '../support/production.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const QUERY = '{ member(id: "42") { name } }';
const BODY = JSON.stringify({ tags: ['Member:42'] });
const INVALID_BODIES = [
  '',
  '{',
  'null',
  '[]',
  '"Member:42"',
  '{"tags":"Member:42"}',
  '{"tags":{"0":"a"}}',
];

interface Signing {
  readonly id?: string;
  readonly secret?: string;
  /** Seconds from now. */
  readonly offset?: number;
}

const sign = (body: string, { id, secret = DEMO_PURGE_SECRET, offset = 0 }: Signing = {}) =>
  webhookHeaders({
    body,
    secret,
    ...(id !== undefined && { id }),
    timestamp: Math.floor(Date.now() / 1_000) + offset,
  });

async function purge(
  { adminUrl }: LibraryEnvironment,
  body: string,
  headers: Record<string, string> = sign(body),
): Promise<TestResponse> {
  const response = await fetch(`${adminUrl}/purge`, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const isStored = async (environment: LibraryEnvironment): Promise<boolean> =>
  /; hit;/.test((await environment.send(QUERY)).headers.get('cache-status') ?? '');

function assertError({ status, body }: TestResponse, expected: number, code: string, what: string) {
  const [{ message, extensions }] = body.errors;
  assert.deepEqual({ status, code: extensions.code }, { status: expected, code }, what);
  assert.ok(message && extensions.requestId, what);
}

describe('A purge', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary(CACHED);
  });
  after(() => environment[Symbol.asyncDispose]());

  it('that is repeated purges nothing', async () => {
    const headers = sign(BODY);
    assert.deepEqual((await purge(environment, BODY, headers)).body, { purged: 1 });
    await environment.send(QUERY);
    for (const repeated of [headers, sign(BODY, { id: headers['webhook-id'], offset: 1 })]) {
      assert.deepEqual((await purge(environment, BODY, repeated)).body, { purged: 0 });
      assert.ok(await isStored(environment));
    }
  });

  it('without a valid signature purges nothing, and does not use up its id', async () => {
    await environment.send(QUERY);
    const valid = sign(BODY);
    const { 'webhook-signature': signature } = valid;
    const invalid: Record<string, Record<string, string>> = {
      'of another secret': sign(BODY, { secret: 'x'.repeat(32) }),
      'of another body': sign(JSON.stringify({ tags: ['Member:43'] })),
      'of other white space': sign(BODY.replace(':', ': ')),
      late: sign(BODY, { offset: -600 }),
      'from the future': sign(BODY, { offset: 600 }),
      'without a signature': { ...valid, 'webhook-signature': '' },
      'with another id': { ...valid, 'webhook-id': randomUUID() },
      'of another version': { ...valid, 'webhook-signature': signature.replace('v1', 'v2') },
      'without any of it': {},
      'with a token instead': { authorization: `Bearer ${DEMO_PURGE_SECRET}` },
    };
    for (const [what, headers] of Object.entries(invalid)) {
      assertError(await purge(environment, BODY, headers), 401, 'UNAUTHENTICATED', what);
      assert.ok(await isStored(environment), what);
    }
    assert.deepEqual((await purge(environment, BODY, valid)).body, { purged: 1 });
  });

  it('with an invalid list of tags is refused, and its id can be used again', async () => {
    await environment.send(QUERY);
    const tooMany = Array.from({ length: 1_001 }, (_, n) => `Member:${n}`);
    const lists = [[], [42], [['Member:42']], ['Member:42', null], tooMany];
    const tags = ['', 'Member 42', 'Member:42\n', '*', 'ü', 'a,b', 'x'.repeat(3_201)];
    const bodies = [
      ...INVALID_BODIES,
      ...lists.map((list) => JSON.stringify({ tags: list })),
      ...tags.map((tag) => JSON.stringify({ tags: ['Member:42', tag] })),
    ];
    for (const body of bodies) {
      const what = body.slice(0, 60);
      assertError(await purge(environment, body), 400, 'BAD_USER_INPUT', what);
      assert.ok(await isStored(environment), what);
    }
    const corrected = { id: randomUUID() };
    assert.equal((await purge(environment, '{}', sign('{}', corrected))).status, 400);
    const { body } = await purge(environment, BODY, sign(BODY, corrected));
    assert.deepEqual(body, { purged: 1 });
    const max = await purge(environment, JSON.stringify({ tags: tooMany.slice(1) }));
    assert.deepEqual(max.body, { purged: 1_000 });
  });

  it('is read from its bytes, whatever its Content-Type', async () => {
    for (const type of ['application/json', 'text/plain', 'application/octet-stream']) {
      const headers = { ...sign(BODY), 'content-type': type };
      assert.deepEqual((await purge(environment, BODY, headers)).body, { purged: 1 }, type);
    }
    const untyped = await fetch(`${environment.adminUrl}/purge`, {
      method: 'POST',
      headers: sign(BODY),
      body: Buffer.from(BODY),
    });
    assert.deepEqual(await untyped.json(), { purged: 1 });
  });

  it('that is too large is refused, even if it is signed', async () => {
    const large = await purge(environment, `${BODY}${' '.repeat(256 * 1_024)}`);
    assertError(large, 413, 'BAD_REQUEST', 'large');
  });

  it('may have several signatures, one of which is valid', async () => {
    const secret = 'n'.repeat(32);
    await using rotated = await startLibrary({ ...CACHED, PURGE_SECRET: secret });
    const headers = sign(BODY, { secret });
    const { 'webhook-signature': old } = sign(BODY, { id: headers['webhook-id'] });
    const both = { ...headers, 'webhook-signature': `${old} ${headers['webhook-signature']}` };
    assertError(await purge(rotated, BODY, sign(BODY)), 401, 'UNAUTHENTICATED', 'the old alone');
    assert.deepEqual((await purge(rotated, BODY, both)).body, { purged: 1 });
  });
});

describe('The admin listener', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary(CACHED);
  });
  after(() => environment[Symbol.asyncDispose]());

  it('has POST /purge and nothing else, and the public listener has none of it', async () => {
    const headers = sign(BODY);
    const requests = [
      ...['GET', 'PUT', 'DELETE', 'PATCH'].map((method) => ({ method, path: '/purge' })),
      ...['/', '/purge/Member:42', '/graphql'].map((path) => ({ method: 'POST', path })),
    ];
    const responses = requests.map(({ method, path }) => {
      const init = { method, headers, ...(method !== 'GET' && { body: BODY }) };
      return fetch(environment.adminUrl + path, init);
    });
    const init = { method: 'POST', headers, body: Buffer.from(BODY) };
    responses.push(fetch(`${environment.url}/purge`, init));
    for (const response of await Promise.all(responses)) {
      const text = `${response.status} ${await response.text()}`;
      assert.match(text, /^(404|415) .*"(NOT_FOUND|BAD_REQUEST)".*"requestId"/);
    }
    assert.deepEqual((await purge(environment, BODY, headers)).body, { purged: 1 });
  });

  it('identifies requests as the public listener does', async () => {
    const headers = { ...sign(BODY), 'x-request-id': 'from-the-sender' };
    const accepted = await purge(environment, BODY, headers);
    assert.equal(accepted.headers.get('x-request-id'), 'from-the-sender');
    const refused = await purge(environment, BODY, { 'x-request-id': 'refused' });
    assert.equal(refused.headers.get('x-request-id'), 'refused');
    assert.equal(refused.body.errors[0].extensions.requestId, 'refused');
    const generated = await purge(environment, '{');
    assert.match(generated.body.errors[0].extensions.requestId, /^[\da-f]{8}-/);
  });
});

describe('A purge in production', () => {
  const production = { ...CACHED, ...PRODUCTION, ...UNREACHABLE_UPSTREAMS };

  it('is refused without a secret, which must not be that of the demo', async () => {
    await using environment = await startLibrary(production);
    assertError(await purge(environment, BODY), 404, 'NOT_FOUND', 'without a secret');
    const env = { ...production, PURGE_SECRET: DEMO_PURGE_SECRET };
    assert.throws(() => loadConfig(env, library), /PURGE_SECRET: must not be the demo's/);
  });

  it('is accepted with the configured secret only', async () => {
    const secret = 'a-secret-of-this-production-alone';
    await using environment = await startLibrary({ ...production, PURGE_SECRET: secret });
    assertError(await purge(environment, BODY), 401, 'UNAUTHENTICATED', 'with that of the demo');
    assert.deepEqual((await purge(environment, BODY, sign(BODY, { secret }))).body, { purged: 1 });
  });
});
