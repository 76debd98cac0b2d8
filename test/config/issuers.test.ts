import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';
import { withSecretFiles } from '../../src/config/secret-files.ts';
import { library } from '../support/fixture/bff.ts';
import { faultsOf } from './faults.ts';
import { LIBRARY_PRODUCTION } from './library-production.ts';

const {
  JWKS_URL: _url,
  JWT_ISSUER: _issuer,
  JWT_AUDIENCE: _audience,
  ...WITHOUT_ISSUER
} = LIBRARY_PRODUCTION;
const SHOP = {
  issuer: 'https://shop.example/',
  jwksUrl: 'https://shop.example/keys',
  audience: 'api',
  userIdPrefix: '',
};
const STAFF = {
  ...SHOP,
  issuer: 'https://staff.example/realms/staff',
  audience: ['a', 'b'],
  userIdPrefix: 'staff|',
};

const load = (env: NodeJS.ProcessEnv) => loadConfig({ ...LIBRARY_PRODUCTION, ...env }, library);
const loadList = (list: unknown, env: NodeJS.ProcessEnv = {}) =>
  loadConfig({ ...WITHOUT_ISSUER, JWT_ISSUERS: JSON.stringify(list), ...env }, library);

describe('The issuer of the variables', () => {
  it('has standard claims, ES256 and no clients by default', () => {
    const [issuer] = load({}).issuers;
    assert.deepEqual(issuer?.algorithms, ['ES256']);
    assert.equal(issuer?.claims.subject, 'sub');
    assert.equal(issuer?.clients, undefined);
    assert.equal(issuer?.defaultRole, undefined);
    assert.deepEqual(
      [...(issuer?.roles ?? [])],
      [
        ['staff', 'staff'],
        ['customer', 'customer'],
      ],
    );
  });

  it('has the given settings, and those of its provider where none is given', () => {
    const [issuer] = load({
      JWT_PROVIDER: 'okta',
      JWT_CLIENTS: 'web, phone',
      JWT_AUDIENCE: 'one,two',
      JWT_ALGORITHMS: 'RS256, EdDSA',
      JWT_SUBJECT_CLAIM: 'sub',
      JWT_ROLES: 'staff=Shop Admins,support;customer=Everyone',
      JWT_DEFAULT_ROLE: 'customer',
      JWT_FIRST_PARTY_SCOPES: 'shop.full',
    }).issuers;
    assert.deepEqual(issuer?.clients, ['web', 'phone']);
    assert.deepEqual(issuer?.audiences, ['one', 'two']);
    assert.deepEqual(issuer?.algorithms, ['RS256', 'EdDSA']);
    assert.equal(issuer?.claims.subject, 'sub');
    assert.equal(issuer?.claims.role, 'groups');
    assert.deepEqual(Object.fromEntries(issuer?.roles ?? []), {
      'Shop Admins': 'staff',
      support: 'staff',
      Everyone: 'customer',
    });
    assert.ok(issuer?.firstPartyScopes.includes('openid'));
    assert.ok(issuer?.firstPartyScopes.includes('shop.full'));
  });

  const FAULTS: readonly [env: NodeJS.ProcessEnv, fault: RegExp][] = [
    [{ JWT_ALGORITHMS: 'HS256' }, /^JWT_ALGORITHMS: must be RS256, PS256, ES256, ES384 or EdDSA$/],
    [{ JWT_ALGORITHMS: 'none' }, /^JWT_ALGORITHMS: must be RS256/],
    [{ JWT_ALGORITHMS: 'ES256,' }, /^JWT_ALGORITHMS: /],
    [
      { JWT_PROVIDER: 'google', JWT_CLIENTS: 'web' },
      /^JWT_PROVIDER: must be auth0, entra, okta, cognito or keycloak$/,
    ],
    [{ JWT_PROVIDER: 'okta' }, /^JWT_CLIENTS: must list your own clients if JWT_PROVIDER is set$/],
    [{ JWT_CLIENTS: 'web,,phone' }, /^JWT_CLIENTS: must be values separated by commas/],
    [{ JWT_DEFAULT_ROLE: 'staff' }, /^JWT_DEFAULT_ROLE: must be customer, or empty$/],
    [
      { JWT_ROLES: 'admin' },
      /^JWT_ROLES: must be such as staff=admin,support;customer=user, each role once$/,
    ],
    [{ JWT_ROLES: 'staff= ' }, /^JWT_ROLES: must be such as/],
    [{ JWT_ROLES: 'staff=admin, ,support' }, /^JWT_ROLES: must be such as/],
    [{ JWT_ROLES: 'staff=admin;staff=support' }, /^JWT_ROLES: must be such as/],
    [{ JWT_ROLES: 'customer=a;staff=b;customer=c' }, /^JWT_ROLES: must be such as/],
    [{ JWT_ROLE_CLAIM: ' ' }, /^JWT_ROLE_CLAIM: must not be empty$/],
    [{ JWT_SUBJECT_CLAIM: ' ' }, /^JWT_SUBJECT_CLAIM: must not be empty$/],
    [{ JWT_ROLE_CLAIM: 'permissions' }, /^JWT_ROLE_CLAIM: must not be a claim with permissions/],
    [{ JWT_ROLE_CLAIM: 'https://shop.example/scopes' }, /^JWT_ROLE_CLAIM: must not be a claim/],
    [{ JWT_ROLE_CLAIM: 'app_metadata.permissions' }, /^JWT_ROLE_CLAIM: must not be a claim/],
    [{ JWT_SUBJECT_CLAIM: 'act.sub' }, /^JWT_SUBJECT_CLAIM: must not be a claim/],
    [{ JWT_SCOPE_CLAIM: ' ' }, /^JWT_SCOPE_CLAIM: must not be empty$/],
    [{ JWT_SCOPE_PREFIX: ' ' }, /^JWT_SCOPE_PREFIX: must not be empty$/],
    [{ JWT_ROLES: 'partner=a' }, /^JWT_ROLES: must be such as/],
    [{ JWT_ISSUER: 'two words' }, /^JWT_ISSUER: must be a name without spaces$/],
    [{ JWT_ISSUERS: '[]' }, /^JWKS_URL: must not be set with JWT_ISSUERS$/],
  ];
  for (const [env, expected] of FAULTS) {
    it(`is refused with ${JSON.stringify(env)}`, () => {
      const [fault, ...more] = faultsOf(() => load(env));
      assert.match(fault ?? '', expected);
      assert.ok(env.JWT_ISSUERS || more.length === 0, more.join());
    });
  }
});

describe('JWT_ISSUERS', () => {
  it('has several issuers, each with its own settings and a prefix for the ids of its users', () => {
    const [shop, staff] = loadList([SHOP, STAFF]).issuers;
    assert.equal(shop?.issuer, SHOP.issuer);
    assert.deepEqual(shop?.audiences, ['api']);
    assert.deepEqual(shop?.foreignPrefixes, ['staff|']);
    assert.deepEqual(staff?.audiences, ['a', 'b']);
    assert.equal(staff?.userIdPrefix, 'staff|');
    assert.deepEqual(staff?.foreignPrefixes, []);
  });

  it('may be in a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'issuers-'));
    const file = join(folder, 'issuers.json');
    await writeFile(file, JSON.stringify([SHOP]));
    const env = withSecretFiles({ ...WITHOUT_ISSUER, JWT_ISSUERS_FILE: file });
    await rm(folder, { recursive: true });
    assert.equal(loadConfig(env, library).issuers[0]?.issuer, SHOP.issuer);
  });

  it('replaces the issuer of the demo in development, and may not contain it in production', () => {
    const demo = { ...SHOP, issuer: 'https://demo.frontdesk.example' };
    const { issuers } = loadConfig({ JWT_ISSUERS: JSON.stringify([SHOP]) }, library);
    assert.deepEqual(
      issuers.map(({ issuer }) => issuer),
      [SHOP.issuer],
    );
    assert.deepEqual(
      faultsOf(() => loadList([demo])),
      ["JWT_ISSUERS: must not be the demo's value: its key is public"],
    );
  });

  const { userIdPrefix: _prefix, ...WITHOUT_PREFIX } = SHOP;
  const FAULTS: readonly [list: unknown, fault: string][] = [
    [{}, 'JWT_ISSUERS: must be a JSON array of at least one issuer'],
    [[], 'JWT_ISSUERS: must be a JSON array of at least one issuer'],
    [['https://shop.example'], 'JWT_ISSUERS: [0]: is missing or not valid'],
    [
      [WITHOUT_PREFIX],
      'JWT_ISSUERS: [0].userIdPrefix: must be a text; it may be empty for one issuer',
    ],
    [
      [{ ...SHOP, algorithms: ['HS256'] }],
      'JWT_ISSUERS: [0].algorithms.0: must be RS256, PS256, ES256, ES384 or EdDSA',
    ],
    [[{ ...SHOP, secret: 'x' }], 'JWT_ISSUERS: [0]: unknown secret'],
    [
      [{ ...SHOP, provider: 'okta' }],
      'JWT_ISSUERS: [0].clients: must list your own clients if "provider" is set',
    ],
    [[{ ...SHOP, jwksUrl: 'keys' }], 'JWT_ISSUERS: [0].jwksUrl: must be an http or https address'],
    [[{ ...SHOP, roles: { staff: [' '] } }], 'JWT_ISSUERS: [0].roles.staff.0: must not be empty'],
    [
      [{ ...SHOP, roleClaim: 'permissions' }],
      'JWT_ISSUERS: [0].roleClaim: must not be a claim with permissions or scopes, which limit a token',
    ],
    [[{ ...SHOP, roleClaim: ' ' }], 'JWT_ISSUERS: [0].roleClaim: must not be empty'],
    [[{ ...SHOP, roles: { admin: ['a'] } }], 'JWT_ISSUERS: [0].roles: unknown admin'],
    [
      [SHOP, { ...STAFF, issuer: SHOP.issuer }],
      'JWT_ISSUERS: "https://shop.example/" is listed twice',
    ],
    [
      [SHOP, { ...STAFF, userIdPrefix: '' }],
      'JWT_ISSUERS: "userIdPrefix" must differ, but two are ""',
    ],
  ];
  for (const [list, fault] of FAULTS) {
    it(`is refused with "${fault}"`, () => {
      assert.deepEqual(
        faultsOf(() => loadList(list)),
        [fault],
      );
    });
  }

  it('is refused beside a variable of a single issuer, which is named', () => {
    assert.deepEqual(
      faultsOf(() => loadList([SHOP], { JWT_AUDIENCE: 'api' })),
      ['JWT_AUDIENCE: must not be set with JWT_ISSUERS'],
    );
  });
});
