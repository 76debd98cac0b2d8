import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createIntrospector } from '../../src/auth/introspection.ts';
import { until } from '../support/until.ts';
import { type Asked, startEndpoint } from './endpoint.ts';
import { AUDIENCE, ISSUER, inSeconds } from './issuer.ts';

const TRUST = { issuer: ISSUER, audience: AUDIENCE };
const CLIENT = { clientId: 'front:desk', clientSecret: 'a b&c=d+é%' };
const ACTIVE = { active: true, sub: '42', role: 'customer', scope: 'orders:read profile:read' };
const VIEWER = {
  role: 'customer',
  id: '42',
  issuer: ISSUER,
  scopes: ['orders:read', 'profile:read'],
};
const UNAUTHENTICATED = { name: 'BffError', code: 'UNAUTHENTICATED' };
const UNAVAILABLE = { name: 'BffError', code: 'UPSTREAM_UNAVAILABLE' };

const tokenIn = ({ body }: Asked) => new URLSearchParams(body).get('token') ?? '';

/** An endpoint that knows these tokens and no others. */
async function startIntrospection(known: Record<string, unknown> = { good: ACTIVE }) {
  const endpoint = await startEndpoint((response, asked) => {
    response.end(JSON.stringify(known[tokenIn(asked)] ?? { active: false }));
  });
  const look = createIntrospector({ url: endpoint.url, ...CLIENT }, TRUST);
  return { ...endpoint, look: async (token: string) => look(token), atOnce: look };
}

test('an opaque token is looked up once, as RFC 7662 has it, and then remembered', async () => {
  await using endpoint = await startIntrospection();
  assert.deepEqual(await endpoint.look('good'), VIEWER);
  assert.deepEqual(endpoint.atOnce('good'), VIEWER, 'without a promise');
  const [{ method, headers, body } = {}, ...more] = endpoint.asked as Asked[];
  assert.deepEqual(more, []);
  assert.equal(method, 'POST');
  assert.equal(body, 'token=good&token_type_hint=access_token');
  assert.equal(headers?.['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(headers?.accept, 'application/json');
  const [scheme, pair = ''] = headers?.authorization?.split(' ') ?? [];
  assert.equal(scheme, 'Basic');
  const decoded = Buffer.from(pair, 'base64').toString();
  assert.equal(decoded, 'front%3Adesk:a+b%26c%3Dd%2B%C3%A9%25');
});

test('a token is sent so that it adds nothing to what is asked', async () => {
  await using endpoint = await startIntrospection({ 'a+b/c~d==': ACTIVE });
  assert.deepEqual(await endpoint.look('a+b/c~d=='), VIEWER);
  await assert.rejects(endpoint.look('x&token=a+b/c~d=='), UNAUTHENTICATED);
});

test('whoever comes with an opaque token may do no more than its scopes say', async () => {
  await using endpoint = await startIntrospection({
    none: { ...ACTIVE, scope: undefined },
    null: { ...ACTIVE, scope: null },
    empty: { ...ACTIVE, scope: '' },
    permissions: { ...ACTIVE, scope: undefined, permissions: ['orders:read'] },
    scopes: { ...ACTIVE, scope: undefined, scopes: ['orders:read'] },
    details: { ...ACTIVE, scope: undefined, authorization_details: [{ type: 'orders' }] },
    nested: { ...ACTIVE, scope: undefined, ext: { scope: 'orders:read' } },
  });
  for (const token of ['none', 'null', 'empty', 'permissions', 'scopes', 'details', 'nested']) {
    assert.deepEqual(await endpoint.look(token), { ...VIEWER, scopes: [] }, token);
  }
});

test('a token must be active, for us, for now, and of a user', async () => {
  const wrong = {
    inactive: { ...ACTIVE, active: false },
    'of another issuer': { ...ACTIVE, iss: 'https://evil.example' },
    'for another audience': { ...ACTIVE, aud: 'else' },
    'for other audiences': { ...ACTIVE, aud: ['a', 'b'] },
    'for nobody': { ...ACTIVE, aud: [] },
    expired: { ...ACTIVE, exp: inSeconds(-10) },
    'expired at no time': { ...ACTIVE, exp: 'soon' },
    early: { ...ACTIVE, nbf: inSeconds(60) },
    'of another type': { ...ACTIVE, token_type: 'DPoP' },
    'bound to a key': { ...ACTIVE, cnf: { 'x5t#S256': 'a' } },
    'of nobody': { ...ACTIVE, sub: undefined },
    'of a path': { ...ACTIVE, sub: '../admin' },
    'in no role': { ...ACTIVE, role: undefined },
    'in another role': { ...ACTIVE, role: 'partner' },
    'with malformed scopes': { ...ACTIVE, scope: 'a  b' },
    'with a list of scopes': { ...ACTIVE, scope: ['orders:read'] },
  };
  const right = {
    full: { ...ACTIVE, iss: ISSUER, aud: AUDIENCE, exp: inSeconds(60), nbf: inSeconds(-60) },
    several: { ...ACTIVE, aud: ['a', AUDIENCE], token_type: 'bearer' },
    'a clock that is late': { ...ACTIVE, exp: inSeconds(-1), nbf: inSeconds(2) },
  };
  await using endpoint = await startIntrospection({ ...wrong, ...right });
  for (const token of Object.keys(wrong)) {
    await assert.rejects(endpoint.look(token), UNAUTHENTICATED, token);
  }
  for (const token of Object.keys(right)) {
    assert.deepEqual(await endpoint.look(token), VIEWER, token);
  }
});

test('no token is remembered beyond its expiry', async () => {
  await using endpoint = await startIntrospection({ brief: { ...ACTIVE, exp: inSeconds(1) } });
  await endpoint.look('brief');
  // Again and again, until it is looked up again, and so refused.
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_000 });
  try {
    await until(() =>
      endpoint.look('brief').then(
        () => false,
        () => true,
      ),
    );
  } finally {
    mock.timers.reset();
  }
});

test('a token that is not valid is not looked up again and again', async () => {
  await using endpoint = await startIntrospection();
  for (let n = 0; n < 50; n += 1) await assert.rejects(endpoint.look('bad'), UNAUTHENTICATED);
  assert.equal(endpoint.asked.length, 1);
  await assert.rejects(endpoint.look('x'.repeat(2_049)), UNAUTHENTICATED);
  assert.equal(endpoint.asked.length, 1, 'nor one that is too long');
});

test('the same token at the same time is looked up once', async () => {
  await using endpoint = await startIntrospection();
  const all = await Promise.all(Array.from({ length: 50 }, () => endpoint.look('good')));
  assert.equal(endpoint.asked.length, 1);
  for (const viewer of all) assert.deepEqual(viewer, VIEWER);
  assert.equal(new Set(all).size, all.length, 'and each has a viewer of its own');
});

test('a flood of random tokens reaches the endpoint a few at a time', async () => {
  await using endpoint = await startIntrospection();
  const waiting: (() => void)[] = [];
  endpoint.answer((response) => {
    waiting.push(() => response.end('{"active":false}'));
  });
  const codes = new Map<string, number>();
  const flood = Array.from({ length: 500 }, async (_, n) => {
    const code = await endpoint.look(`random-${n}`).then(
      () => 'in',
      (error) => error.code,
    );
    codes.set(code, (codes.get(code) ?? 0) + 1);
  });
  await until(() => waiting.length === 32 && codes.get('UPSTREAM_UNAVAILABLE') === 468);
  for (const answer of waiting) answer();
  await Promise.all(flood);
  assert.deepEqual(Object.fromEntries(codes), { UPSTREAM_UNAVAILABLE: 468, UNAUTHENTICATED: 32 });
  assert.equal(endpoint.asked.length, 32);

  endpoint.answer((response) => response.end(JSON.stringify(ACTIVE)));
  assert.deepEqual(await endpoint.look('good'), VIEWER, 'and afterwards all is well');
});

test('an endpoint that fails lets nobody in, and says nothing about the token', async () => {
  await using endpoint = await startIntrospection();
  await using elsewhere = await startEndpoint((response) => response.end(JSON.stringify(ACTIVE)));
  const text = (body: string) => (response: { end(body: string): unknown }) => response.end(body);
  const failures: Record<string, Parameters<typeof endpoint.answer>[0]> = {
    'a status 500': (response) => response.writeHead(500).end(JSON.stringify(ACTIVE)),
    'a status 401': (response) => response.writeHead(401).end('{"error":"invalid_client"}'),
    'a status 204': (response) => response.writeHead(204).end(),
    'a redirect': (response) => response.writeHead(307, { location: elsewhere.url.href }).end(),
    'a reset': (response) => response.socket?.destroy(),
    'half a body': (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"active":true');
      response.socket?.end();
    },
    'no JSON': text('<html>secret</html>'),
    nothing: text(''),
    null: text('null'),
    'a list': text('[true]'),
    'no answer': text('{"sub":"42","role":"customer"}'),
    'an answer that is text': text(JSON.stringify({ ...ACTIVE, active: 'true' })),
    'too much': text(JSON.stringify({ ...ACTIVE, more: ' '.repeat(64 * 1_024) })),
  };
  for (const [what, answer] of Object.entries(failures)) {
    endpoint.answer(answer);
    await assert.rejects(
      endpoint.look('good'),
      ({ code, message, cause }: Error & { code: string }) => {
        assert.equal(code, 'UPSTREAM_UNAVAILABLE', what);
        assert.ok(cause instanceof Error, what);
        assert.doesNotMatch(message + cause.message, /good|secret|127\.0\.0\.1/, what);
        return true;
      },
    );
  }
  assert.deepEqual(elsewhere.asked, []);
  endpoint.answer((response) => response.end(JSON.stringify(ACTIVE)));
  assert.deepEqual(await endpoint.look('good'), VIEWER, 'a failure is not remembered');
});

test('an endpoint that never answers is given up', async () => {
  await using endpoint = await startIntrospection();
  endpoint.answer(() => {});
  await assert.rejects(endpoint.look('good'), UNAVAILABLE);
});
