import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { after, before, describe, it, mock } from 'node:test';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import { startEndpoint } from './endpoint.ts';
import {
  encoded,
  ISSUER,
  type Issuer,
  inSeconds,
  issuerConfig,
  makeKey,
  startIssuer,
  validClaims,
} from './issuer.ts';
import { CLIENT_CLAIMS, OTHER_TOKEN_CLAIMS } from './other-tokens.ts';

const UNAUTHENTICATED = { name: 'BffError', code: 'UNAUTHENTICATED' };

/** Signs a token with HMAC, as an attacker who knows only the public key could. */
function signedWithSecret(secret: string | Buffer, header: object): string {
  const input = `${encoded(header)}.${encoded(validClaims())}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

async function importedPem(jwk: JWK): Promise<string> {
  return exportSPKI((await importJWK(jwk, 'ES256', { extractable: true })) as CryptoKey);
}

describe('The JWT verifier', () => {
  let issuer: Issuer;
  let read: ReturnType<typeof createJwtVerifier>;
  before(async () => {
    issuer = await startIssuer();
    read = createJwtVerifier([issuer.config]);
  });
  after(() => issuer[Symbol.asyncDispose]());

  const assertRefused = async (tokens: Record<string, string>) => {
    for (const [what, token] of Object.entries(tokens)) {
      await assert.rejects(async () => read(token), UNAUTHENTICATED, what);
    }
  };

  it('returns the user, and the scopes that the user granted', async () => {
    const user = { role: 'customer', id: '42', issuer: ISSUER };
    assert.deepEqual(await read(await issuer.sign()), user);
    for (const [scope, scopes] of [
      ['orders:read', ['orders:read']],
      ['orders:read profile:read orders:read', ['orders:read', 'profile:read']],
      ['', []],
      [
        ['orders:read', 'profile:read'],
        ['orders:read', 'profile:read'],
      ],
      [[], []],
    ] as const) {
      const token = await issuer.sign({ scope });
      assert.deepEqual(await read(token), { ...user, scopes });
      assert.deepEqual(read(token), { ...user, scopes }, 'also from the cache');
    }
  });

  it('refuses malformed scopes, and scopes under another name', async () => {
    const wrong = [
      42,
      null,
      ['a b'],
      ['a', 1],
      [['a']],
      {},
      ' ',
      'a  b',
      ' a',
      'a ',
      'a\tb',
      'a"b',
      'a\\b',
      'é',
      'a\nb',
    ];
    for (const scope of wrong) {
      await assertRefused({ [JSON.stringify(scope)]: await issuer.sign({ scope }) });
    }
    for (const scp of ['orders:read', ['orders:read']]) {
      await assertRefused({ scp: await issuer.sign({ scp }) });
    }
  });

  /** Claims that limit a token, of issuers that do not use "scope". */
  const LIMITING_CLAIMS: Readonly<Record<string, Record<string, unknown>>> = {
    'permissions (Auth0)': { permissions: ['orders:read'] },
    'an empty list of permissions': { permissions: [] },
    'permissions of null': { permissions: null },
    'a single permission': { permission: 'orders:read' },
    'a string of scopes': { scopes: 'orders:read' },
    'an object of scopes': { scopes: { orders: 'read' } },
    'authorization_details (RFC 9396)': { authorization_details: [{ type: 'orders' }] },
    'authorization (UMA)': { authorization: { permissions: [{ rsname: 'orders' }] } },
    'authorities (Spring)': { authorities: ['ORDERS_READ'] },
    entitlements: { entitlements: ['orders'] },
    'resource_access (Keycloak)': { resource_access: { shop: { roles: ['reader'] } } },
    'realm_access (Keycloak)': { realm_access: { roles: ['reader'] } },
    'a namespaced claim': { 'https://shop.example/permissions': ['orders:read'] },
    'a claim in camel case': { grantedScopes: ['orders:read'] },
    'a claim in capitals': { PERMISSIONS: ['orders:read'] },
    'a claim with a version': { permissions_v2: ['orders:read'] },
    'a claim with a blank in its name': { 'scope ': 'orders:read' },
    'a claim with an invisible character in its name': { 'scope\u200b': 'orders:read' },
    perms: { perms: ['orders:read'] },
    permission_list: { permission_list: ['orders:read'] },
    scopeList: { scopeList: ['orders:read'] },
    OAuthScopes: { OAuthScopes: ['orders:read'] },
    'urn:shop:rights': { 'urn:shop:rights': ['orders:read'] },
    'shop.acl': { 'shop.acl': ['orders:read'] },
    authz: { authz: ['orders:read'] },
    grants: { grants: ['orders:read'] },
    capabilities: { capabilities: ['orders:read'] },
    'access (of a registry)': { access: [{ type: 'repository', actions: ['pull'] }] },
    'act (RFC 8693)': { act: { sub: 'service' } },
    'may_act (RFC 8693)': { may_act: { sub: 'service' } },
    'ext.scope (Hydra)': { ext: { scope: 'orders:read' } },
    'app_metadata.permissions': { app_metadata: { permissions: ['orders:read'] } },
  };

  for (const [what, claims] of Object.entries(LIMITING_CLAIMS)) {
    it(`refuses a token with ${what} instead of a scope`, async () => {
      await assert.rejects(async () => read(await issuer.sign(claims)), {
        ...UNAUTHENTICATED,
        message: /must be in its "scope"/,
      });
    });

    it(`grants only the scope of a token with ${what} beside it`, async () => {
      const token = await issuer.sign({ ...claims, scope: 'profile:read' });
      const viewer = await read(token);
      assert.ok('scopes' in viewer);
      assert.deepEqual(viewer.scopes, ['profile:read']);
    });
  }

  it('ignores unknown claims about the user', async () => {
    const token = await issuer.sign({
      jti: 'a',
      iat: 1,
      azp: 'web',
      client_id: 'web',
      sid: 's',
      auth_time: 1,
      acr: '1',
      amr: ['pwd'],
      email: 'ann@shop.example',
      groups: ['staff'],
      roles: ['reader'],
      address: { country: 'DE' },
      'https://shop.example/tier': 'gold',
      'https://permissions.example/tier': 'gold',
      timescope: 'day',
      copyright: 'ann',
      grant_type: 'password',
      fact: 1,
      actor: 'ann',
      last_access: 1,
      user_metadata: { permissions: { camera: true } },
      consents: { marketing_permission: true },
      preferences: { notification_permissions: { push: true }, telescope: true },
      deep: { a: { b: { c: { d: { e: [[[[['x']]]]] } } } } },
      ext: null,
      token_use: 'access',
      typ: 'Bearer',
      gty: 'password',
      idtyp: 'user',
      preferred_username: 'ann',
      username: 'ann',
    });
    assert.deepEqual(await read(token), { role: 'customer', id: '42', issuer: ISSUER });
  });

  it('accepts the types of access tokens and no others', async () => {
    for (const typ of ['JWT', 'jwt', 'at+jwt', 'application/at+jwt']) {
      assert.ok(await read(await issuer.sign({}, { header: { typ } })), typ);
    }
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'at+jwt;x', '']) {
      await assertRefused({ [`typ ${typ}`]: await issuer.sign({}, { header: { typ } }) });
    }
    await assertRefused({
      'bound to a key': await issuer.sign({ cnf: { jkt: 'a' } }),
      'bound to nothing': await issuer.sign({ cnf: null }),
    });
  });

  for (const [what, claims] of [
    ...Object.entries(CLIENT_CLAIMS),
    ...Object.entries(OTHER_TOKEN_CLAIMS),
  ]) {
    it(`refuses ${what} without a preset for its provider`, async () => {
      const token = await issuer.sign({ client_id: 'web', ...claims });
      await assert.rejects(async () => read(token), {
        ...UNAUTHENTICATED,
        message: 'The token is not an access token of a user.',
      });
    });
  }

  it('pins the algorithm, whatever the token names', async () => {
    const { jwk, kid } = issuer.first;
    const pem = await importedPem(jwk);
    const header = { alg: 'HS256', kid };
    const good = await issuer.sign();
    const [, payload, signature] = good.split('.');
    await assertRefused({
      none: new UnsecuredJWT(validClaims()).encode(),
      'none, with a signature': `${encoded({ alg: 'none', kid })}.${payload}.${signature}`,
      None: `${encoded({ alg: 'None', kid })}.${payload}.${signature}`,
      'no algorithm': `${encoded({ kid })}.${payload}.${signature}`,
      'HS256 with the public key as PEM': signedWithSecret(pem, header),
      'HS256 with the public key as PEM, trimmed': signedWithSecret(pem.trim(), header),
      'HS256 with the public key as JSON': signedWithSecret(JSON.stringify(jwk), header),
      'HS256 with a coordinate': signedWithSecret(Buffer.from(jwk.x ?? '', 'base64url'), header),
      'HS256 with an empty secret': signedWithSecret('', header),
      'HS256 without a key id': signedWithSecret(pem, { alg: 'HS256' }),
      ES384: `${encoded({ alg: 'ES384', kid })}.${payload}.${signature}`,
      'an unknown critical header': await new SignJWT(validClaims())
        .setProtectedHeader({ alg: 'ES256', kid, crit: ['x'], x: 1 })
        .sign(issuer.first.privateKey, { crit: { x: true } }),
      'all zeroes (CVE-2022-21449)': `${encoded({ alg: 'ES256', kid })}.${payload}.${'A'.repeat(86)}`,
    });
  });

  it('refuses other algorithms, even if the issuer has a key for them', async () => {
    for (const alg of ['ES384', 'RS256', 'PS256', 'EdDSA']) {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const key = {
        kid: 'other',
        privateKey,
        jwk: { ...(await exportJWK(publicKey)), kid: 'other' },
      };
      await using another = await startIssuer();
      another.publish({ ...key, jwk: { ...key.jwk, alg } as typeof another.first.jwk });
      const readOther = createJwtVerifier([another.config]);
      const token = await another.sign({}, { key: key as typeof another.first, header: { alg } });
      await assert.rejects(async () => readOther(token), UNAUTHENTICATED, alg);
    }
  });

  for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519']) {
    it(`accepts ${alg} if it is configured, and only then`, async () => {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), kid: 'first', alg };
      await using another = await startIssuer();
      another.publishRaw(jwk);
      const key = { kid: 'first', privateKey, jwk } as typeof another.first;
      const token = await another.sign({}, { key, header: { alg } });
      const name = alg === 'Ed25519' ? 'EdDSA' : alg;
      for (const JWT_ALGORITHMS of [name, `ES256,${name}`, 'RS256', 'PS256', 'ES256', 'EdDSA']) {
        const JWKS_URL = another.config.jwksUrl.href;
        const verify = createJwtVerifier([issuerConfig({ JWKS_URL, JWT_ALGORITHMS })]);
        if (JWT_ALGORITHMS.split(',').includes(name)) assert.ok(await verify(token));
        else await assert.rejects(async () => verify(token), UNAUTHENTICATED, JWT_ALGORITHMS);
      }
    });
  }

  it('ignores an RSA key of less than 2048 bits', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 });
    await using another = await startIssuer();
    another.publishRaw({ ...publicKey.export({ format: 'jwk' }), kid: 'first', alg: 'RS256' });
    const input = `${encoded({ alg: 'RS256', kid: 'first' })}.${encoded(validClaims())}`;
    const token = `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
    const JWKS_URL = another.config.jwksUrl.href;
    const verify = createJwtVerifier([issuerConfig({ JWKS_URL, JWT_ALGORITHMS: 'RS256' })]);
    await assert.rejects(async () => verify(token), UNAUTHENTICATED);
  });

  it('never loads a key from a location that the token names', async () => {
    const evil = await makeKey('evil');
    await using elsewhere = await startEndpoint((response) => {
      response.end(JSON.stringify({ keys: [evil.jwk, { ...evil.jwk, kid: 'first' }] }));
    });
    const at = elsewhere.url.href;
    for (const kid of ['evil', 'first', undefined]) {
      for (const header of [{ jku: at }, { x5u: at }, { jwk: evil.jwk }, { x5c: ['MIIB'] }]) {
        const token = await issuer.sign({}, { key: evil, header: { ...header, kid } as object });
        await assertRefused({ [JSON.stringify({ kid, ...header })]: token });
      }
    }
    assert.deepEqual(elsewhere.requests, []);
  });

  it('never treats a key id as a path, a query or a URL', async () => {
    await using elsewhere = await startEndpoint((response) => response.end('{"keys":[]}'));
    const before = issuer.fetches();
    const ids = [
      '../../etc/passwd',
      '/dev/null',
      "first' OR '1'='1",
      "x' UNION SELECT 'secret'--",
      elsewhere.url.href,
      'file:///etc/passwd',
      '__proto__',
      'constructor',
      '',
      '\u0000',
      'first\u0000',
      'x'.repeat(4_000),
      42,
      null,
      ['first'],
      {},
    ];
    for (const kid of ids) {
      const header = { kid } as object;
      await assertRefused({ [JSON.stringify(kid)]: await issuer.sign({}, { header }) });
    }
    assert.deepEqual(elsewhere.requests, []);
    assert.ok(issuer.fetches() - before <= 1);
  });

  it('checks issuer, audience, subject, role and expiry', async () => {
    await assertRefused({
      'another issuer': await issuer.sign({ iss: 'https://evil.example' }),
      'an issuer with a valid prefix': await issuer.sign({ iss: `${ISSUER}.evil.example` }),
      'a list of issuers': await issuer.sign({ iss: [ISSUER] }),
      'no issuer': await issuer.sign({ iss: undefined }),
      'another audience': await issuer.sign({ aud: 'shop2' }),
      'other audiences': await issuer.sign({ aud: ['a', 'b'] }),
      'no audience': await issuer.sign({ aud: undefined }),
      'no expiry': await issuer.sign({ exp: undefined }),
      'no subject': await issuer.sign({ sub: undefined }),
      'an empty subject': await issuer.sign({ sub: '' }),
      'a subject that is a number': await issuer.sign({ sub: 42 }),
      'a subject that URLs lose': await issuer.sign({ sub: '..' }),
      'a subject with a control character': await issuer.sign({ sub: '4\u00002' }),
      'a subject with an invisible character': await issuer.sign({ sub: '42\u200b' }),
      'a subject with a variation selector': await issuer.sign({ sub: '42\ufe0f' }),
      'a subject with a filler': await issuer.sign({ sub: '42\u3164' }),
      'a subject with a joiner': await issuer.sign({ sub: '4\u034f2' }),
      'a subject with an empty pattern': await issuer.sign({ sub: '42\u2800' }),
      'a subject with a space at its end': await issuer.sign({ sub: '42 ' }),
      'a subject with a space at its start': await issuer.sign({ sub: ' 42' }),
      'a subject with a no-break space at its end': await issuer.sign({ sub: '42\u00a0' }),
      'a subject with half of a surrogate pair': await issuer.sign({ sub: '42\ud800' }),
      'a subject of 256 characters': await issuer.sign({ sub: 'x'.repeat(256) }),
      'no role': await issuer.sign({ role: undefined }),
      'another role': await issuer.sign({ role: 'partner' }),
    });
    for (const wrong of ['1e9', '4102444800', null, true, {}]) {
      await assertRefused({
        [`exp ${JSON.stringify(wrong)}`]: await issuer.sign({ exp: wrong }),
        [`nbf ${JSON.stringify(wrong)}`]: await issuer.sign({ nbf: wrong }),
      });
    }
    assert.ok(await read(await issuer.sign({ aud: ['a', 'shop'] })));
  });
});

describe('The clock tolerance of the JWT verifier', () => {
  before(() => mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 }));
  after(() => mock.timers.reset());

  it('is five seconds', async () => {
    await using issuer = await startIssuer();
    const read = createJwtVerifier([issuer.config]);
    for (const good of [{ exp: inSeconds(-4) }, { nbf: inSeconds(5) }]) {
      assert.ok(await read(await issuer.sign(good)), JSON.stringify(good));
    }
    for (const wrong of [{ exp: inSeconds(-5) }, { exp: inSeconds(-60) }, { nbf: inSeconds(6) }]) {
      const token = await issuer.sign(wrong);
      await assert.rejects(async () => read(token), UNAUTHENTICATED, JSON.stringify(wrong));
    }
    const [expired, early] = [{ exp: inSeconds(-60) }, { nbf: inSeconds(60) }];
    await assert.rejects(async () => read(await issuer.sign(expired)), /has expired/);
    await assert.rejects(async () => read(await issuer.sign(early)), /not valid/);
  });
});
