import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createIntrospector } from '../../src/auth/introspection.ts';
import { until } from '../support/until.ts';
import { type ReceivedRequest, startEndpoint } from './endpoint.ts';
import { AUDIENCE, ISSUER, inSeconds, issuerConfig } from './issuer.ts';
import { CLIENT_CLAIMS, OTHER_TOKEN_CLAIMS } from './other-tokens.ts';

const ISSUER_CONFIG = issuerConfig({ JWKS_URL: 'http://127.0.0.1:1' });
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

const tokenIn = ({ body }: ReceivedRequest) => new URLSearchParams(body).get('token') ?? '';

/** An endpoint that knows only these tokens. */
async function startIntrospection(known: Record<string, unknown> = { good: ACTIVE }) {
  const endpoint = await startEndpoint((response, request) => {
    response.end(JSON.stringify(known[tokenIn(request)] ?? { active: false }));
  });
  const verify = createIntrospector({ url: endpoint.url, ...CLIENT }, ISSUER_CONFIG);
  return { ...endpoint, verify: async (token: string) => verify(token), verifySync: verify };
}

describe('Token introspection', () => {
  it('looks up an opaque token once, as RFC 7662 specifies, and then caches it', async () => {
    await using endpoint = await startIntrospection();
    assert.deepEqual(await endpoint.verify('good'), VIEWER);
    assert.deepEqual(endpoint.verifySync('good'), VIEWER, 'without a promise');
    const [{ method, headers, body } = {}, ...more] = endpoint.requests as ReceivedRequest[];
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

  it('encodes a token so that it cannot add parameters to the request', async () => {
    await using endpoint = await startIntrospection({ 'a+b/c~d==': ACTIVE });
    assert.deepEqual(await endpoint.verify('a+b/c~d=='), VIEWER);
    await assert.rejects(endpoint.verify('x&token=a+b/c~d=='), UNAUTHENTICATED);
  });

  it('grants no more than the scopes of a token', async () => {
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
      assert.deepEqual(await endpoint.verify(token), { ...VIEWER, scopes: [] }, token);
    }
  });

  it('accepts only tokens that are active, for this audience, valid now and of a user', async () => {
    const invalid = {
      inactive: { ...ACTIVE, active: false },
      'of another issuer': { ...ACTIVE, iss: 'https://evil.example' },
      'for another audience': { ...ACTIVE, aud: 'else' },
      'for other audiences': { ...ACTIVE, aud: ['a', 'b'] },
      'for no audience': { ...ACTIVE, aud: [] },
      expired: { ...ACTIVE, exp: inSeconds(-10) },
      'with an expiry that is not a time': { ...ACTIVE, exp: 'soon' },
      'not yet valid': { ...ACTIVE, nbf: inSeconds(60) },
      'of another type': { ...ACTIVE, token_type: 'DPoP' },
      'bound to a key': { ...ACTIVE, cnf: { 'x5t#S256': 'a' } },
      'without a subject': { ...ACTIVE, sub: undefined },
      'with a control character in its subject': { ...ACTIVE, sub: '4\n2' },
      'without a role': { ...ACTIVE, role: undefined },
      'with an unknown role': { ...ACTIVE, role: 'partner' },
      'with malformed scopes': { ...ACTIVE, scope: 'a  b' },
      'with scopes that are no text': { ...ACTIVE, scope: [1] },
    };
    const valid = {
      'with all members': {
        ...ACTIVE,
        iss: ISSUER,
        aud: AUDIENCE,
        exp: inSeconds(60),
        nbf: inSeconds(-60),
      },
      'with a list of scopes': { ...ACTIVE, scope: ['orders:read', 'profile:read'] },
      'for several audiences': { ...ACTIVE, aud: ['a', AUDIENCE], token_type: 'bearer' },
      'within the clock tolerance': { ...ACTIVE, exp: inSeconds(-1), nbf: inSeconds(2) },
    };
    await using endpoint = await startIntrospection({ ...invalid, ...valid });
    for (const token of Object.keys(invalid)) {
      await assert.rejects(endpoint.verify(token), UNAUTHENTICATED, token);
    }
    for (const token of Object.keys(valid)) {
      assert.deepEqual(await endpoint.verify(token), VIEWER, token);
    }
  });

  it('grants all rights to an own client, and the mapped role, as the issuer is configured', async () => {
    await using endpoint = await startEndpoint((response, request) => {
      const client = tokenIn(request);
      const groups = ['support'];
      const claims = { active: true, sub: '42', client_id: client, scope: 'openid', groups };
      response.end(JSON.stringify(claims));
    });
    const config = issuerConfig({
      JWKS_URL: 'http://127.0.0.1:1',
      JWT_CLIENTS: 'web',
      JWT_ROLE_CLAIM: 'groups',
      JWT_ROLES: 'staff=support',
    });
    const verify = createIntrospector({ url: endpoint.url, ...CLIENT }, config);
    const user = { role: 'staff', id: '42', issuer: ISSUER };
    assert.deepEqual(await verify('web'), user);
    assert.deepEqual(await verify('other'), { ...user, scopes: ['openid'] });
    await assert.rejects(async () => verify('42'), UNAUTHENTICATED, 'a client without a user');
  });

  it('caches no token beyond its expiry', async () => {
    await using endpoint = await startIntrospection({ brief: { ...ACTIVE, exp: inSeconds(1) } });
    await endpoint.verify('brief');
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 10_000 });
    try {
      await assert.rejects(endpoint.verify('brief'), UNAUTHENTICATED);
    } finally {
      mock.timers.reset();
    }
  });

  it('looks up an active token again after a minute, and an inactive one after ten seconds', async () => {
    const known: Record<string, unknown> = { revoked: ACTIVE };
    await using endpoint = await startIntrospection(known);
    await endpoint.verify('revoked');
    await assert.rejects(endpoint.verify('activated'), UNAUTHENTICATED);
    delete known.revoked;
    known.activated = ACTIVE;
    const start = performance.now();
    const now = mock.method(performance, 'now', () => start + 10_001);
    try {
      assert.deepEqual(await endpoint.verify('activated'), VIEWER);
      assert.deepEqual(await endpoint.verify('revoked'), VIEWER);
      now.mock.mockImplementation(() => start + 60_001);
      await assert.rejects(endpoint.verify('revoked'), UNAUTHENTICATED);
    } finally {
      now.mock.restore();
    }
  });

  it('accepts no token of a client without a user, and none that is not an access token', async () => {
    const marked = Object.entries({ ...CLIENT_CLAIMS, ...OTHER_TOKEN_CLAIMS }).map(
      ([what, claims]) => [what, { ...ACTIVE, client_id: 'web', ...claims }] as const,
    );
    await using endpoint = await startIntrospection(Object.fromEntries(marked));
    for (const [what] of marked) {
      await assert.rejects(endpoint.verify(what), UNAUTHENTICATED, what);
    }
  });

  it('does not look up an invalid token repeatedly', async () => {
    await using endpoint = await startIntrospection();
    for (let n = 0; n < 50; n += 1) await assert.rejects(endpoint.verify('bad'), UNAUTHENTICATED);
    assert.equal(endpoint.requests.length, 1);
    await assert.rejects(endpoint.verify('x'.repeat(2_049)), UNAUTHENTICATED);
    assert.equal(endpoint.requests.length, 1, 'no lookup for a token that is too long');
  });

  it('looks up the same token once for concurrent requests', async () => {
    await using endpoint = await startIntrospection();
    const all = await Promise.all(Array.from({ length: 50 }, () => endpoint.verify('good')));
    assert.equal(endpoint.requests.length, 1);
    for (const viewer of all) assert.deepEqual(viewer, VIEWER);
    assert.equal(new Set(all).size, all.length, 'each request has its own viewer');
  });

  it('limits the concurrent lookups that a flood of random tokens causes', async () => {
    await using endpoint = await startIntrospection();
    const waiting: (() => void)[] = [];
    endpoint.respondWith((response) => {
      waiting.push(() => response.end('{"active":false}'));
    });
    const codes = new Map<string, number>();
    const flood = Array.from({ length: 500 }, async (_, n) => {
      const code = await endpoint.verify(`random-${n}`).then(
        () => 'in',
        (error) => error.code,
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
    });
    await until(() => waiting.length === 32 && codes.get('UPSTREAM_UNAVAILABLE') === 468);
    for (const respond of waiting) respond();
    await Promise.all(flood);
    assert.deepEqual(Object.fromEntries(codes), { UPSTREAM_UNAVAILABLE: 468, UNAUTHENTICATED: 32 });
    assert.equal(endpoint.requests.length, 32);

    endpoint.respondWith((response) => response.end(JSON.stringify(ACTIVE)));
    assert.deepEqual(
      await endpoint.verify('good'),
      VIEWER,
      'tokens are looked up again after the flood',
    );
  });

  it('accepts no token while the endpoint fails, and reveals nothing of token or endpoint', async () => {
    await using endpoint = await startIntrospection();
    await using elsewhere = await startEndpoint((response) => response.end(JSON.stringify(ACTIVE)));
    const text = (body: string) => (response: { end(body: string): unknown }) => response.end(body);
    const failures: Record<string, Parameters<typeof endpoint.respondWith>[0]> = {
      'a status 500': (response) => response.writeHead(500).end(JSON.stringify(ACTIVE)),
      'a status 401': (response) => response.writeHead(401).end('{"error":"invalid_client"}'),
      'a status 204': (response) => response.writeHead(204).end(),
      'a redirect': (response) => response.writeHead(307, { location: elsewhere.url.href }).end(),
      'a reset': (response) => response.socket?.destroy(),
      'half a body': (response) => {
        response.writeHead(200, { 'content-length': '100' }).write('{"active":true');
        response.socket?.end();
      },
      'invalid JSON': text('<html>secret</html>'),
      'an empty body': text(''),
      null: text('null'),
      'a list': text('[true]'),
      'no member "active"': text('{"sub":"42","role":"customer"}'),
      '"active" as a string': text(JSON.stringify({ ...ACTIVE, active: 'true' })),
      'a body over the size limit': text(
        JSON.stringify({ ...ACTIVE, more: ' '.repeat(64 * 1_024) }),
      ),
    };
    for (const [what, respond] of Object.entries(failures)) {
      endpoint.respondWith(respond);
      await assert.rejects(
        endpoint.verify('good'),
        ({ code, message, cause }: Error & { code: string }) => {
          assert.equal(code, 'UPSTREAM_UNAVAILABLE', what);
          assert.ok(cause instanceof Error, what);
          assert.doesNotMatch(message + cause.message, /good|secret|127\.0\.0\.1/, what);
          return true;
        },
      );
    }
    assert.deepEqual(elsewhere.requests, []);
    endpoint.respondWith((response) => response.end(JSON.stringify(ACTIVE)));
    assert.deepEqual(await endpoint.verify('good'), VIEWER, 'failures are not cached');
  });

  it('gives up on an endpoint that never responds', async () => {
    await using endpoint = await startIntrospection();
    endpoint.respondWith(() => {});
    await assert.rejects(endpoint.verify('good'), UNAVAILABLE);
  });
});
