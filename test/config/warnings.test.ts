import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { findMisspelt, loadConfig } from '../../src/config/index.ts';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { bffNames, ROOT } from '../../tools/tree.ts';
import { createListenerTls } from '../support/certificates.ts';
import { library } from '../support/fixture/bff.ts';
import { LIBRARY_PRODUCTION } from './library-production.ts';

const warningsOf = (env: NodeJS.ProcessEnv) => loadConfig(env, library).warnings;

describe('The warning about an unknown variable', () => {
  for (const [given, similarTo] of [
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['LIBRARYPORT', 'LIBRARY_PORT'],
    ['REQEST_DEADLINE_MS', 'REQUEST_DEADLINE_MS'],
    ['ALLOWED_ADDRESSES', 'ALLOW_ADDRESSES'],
    ['VIEWER_SIGNING_KEY_FLIE', 'VIEWER_SIGNING_KEY_FILE'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['MEMBERS_SERVICE_PORT', 'MEMBER_SERVICE_PORT'],
    ['TRUSTED_PROXY', 'TRUSTED_PROXIES'],
    ['ALLOW_ADDRESS', 'ALLOW_ADDRESSES'],
    ['Cors_Origins', 'CORS_ORIGINS'],
    ['library_port', 'LIBRARY_PORT'],
    ['CACHE_MEMORY', 'CACHE_MEMORY_MB'],
    ['RATE_LIMIT', 'RATE_LIMIT_ADDRESS or RATE_LIMIT_VIEWER'],
    ['VIEWER_SIGNING', 'VIEWER_SIGNING_KEY'],
    [
      'MEMBER_SERVICE',
      'MEMBER_SERVICE_URL, MEMBER_SERVICE_CREDENTIALS, MEMBER_SERVICE_TOKEN, ' +
        'MEMBER_SERVICE_AUDIENCE, MEMBER_SERVICE_SCOPE, MEMBER_SERVICE_CERT, MEMBER_SERVICE_KEY, ' +
        'MEMBER_SERVICE_CA or MEMBER_SERVICE_PORT',
    ],
    ['MEMBER_SERVICE_CREDENTIAL', 'MEMBER_SERVICE_CREDENTIALS'],
    ['MEMBER_SERVICE_TOKEN_FLIE', 'MEMBER_SERVICE_TOKEN_FILE'],
  ] as const) {
    it(`names ${similarTo} for ${given}`, () => {
      assert.deepEqual(warningsOf({ [given]: 'x' }), [
        { message: 'unknown variable ignored', fields: { variable: given, similarTo } },
      ]);
    });
  }

  it('names variables of OpenTelemetry that nothing reads', () => {
    const env = { OTEL_SDK_DISABLED: 'true', OTEL_SERVICE_NAME: 'shop' };
    assert.deepEqual(warningsOf(env), [
      { message: 'OpenTelemetry variable ignored', fields: { variable: 'OTEL_SDK_DISABLED' } },
    ]);
  });

  it('names the variables of the upstreams of the BFF, and of no others', () => {
    const bff = { ...library, upstreams: { review: { port: 6001 } } };
    const { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE } = LIBRARY_PRODUCTION;
    const env = { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE, REVIEWS_SERVICE_URL: 'x' };
    assert.deepEqual(
      loadConfig(env, bff).warnings.map(({ fields }) => fields.similarTo),
      ['REVIEW_SERVICE_URL'],
    );
  });

  it('is not given for variables of the system and of other programs', () => {
    const env = {
      PATH: '/bin',
      PORT: '80',
      HOSTNAME: 'x',
      NODE_OPTIONS: '',
      NODE_PATH: 'x',
      DATABASE_URL: 'x',
      REDIS_HOST: 'x',
      XDG_DATA_DIRS: 'x',
      USER: 'x',
      DATA: 'x',
      host: 'x86_64-linux',
      http_proxy: 'x',
      MEMBER_SERVICE_HOST: '10.0.0.1',
      MEMBERS_SERVICE_HOST: '10.0.0.1',
      LIBRARY_SERVICE_PORT: '80',
      npm_config_loglevel: 'error',
    };
    assert.deepEqual(warningsOf(env), []);
  });

  it('is not given for a variable of .env.example, which has all upstreams', async () => {
    const names = await exampleVariables();
    assert.ok(names.length > 30);
    const upstreams = Object.keys(UPSTREAMS);
    for (const upstream of upstreams) {
      const prefix = `${upstream.toUpperCase()}_SERVICE`;
      assert.ok(names.includes(`${prefix}_URL`) && names.includes(`${prefix}_PORT`), prefix);
    }
    const env = Object.fromEntries(names.map((name) => [name, 'x']));
    const bffs = bffNames();
    for (const given of [...bffs.map((bff) => [bff]), bffs]) {
      assert.deepEqual(findMisspelt(env, { bffs: given, upstreams }), []);
    }
  });
});

describe('The warning about a missing variable', () => {
  it('is given in production only, for each variable that is not set', () => {
    const secret = 'a-secret-that-only-this-test-knows';
    const recommended = {
      UPSTREAM_TOKEN: secret,
      VIEWER_SIGNING_KEY: secret,
      PURGE_SECRET: secret,
      TRUSTED_PROXIES: '10.0.0.1',
    };
    assert.deepEqual(warningsOf({ ...LIBRARY_PRODUCTION, ...recommended }), []);
    const { PURGE_SECRET: _given, ...others } = recommended;
    const [warning, ...more] = warningsOf({ ...LIBRARY_PRODUCTION, ...others });
    assert.deepEqual([warning?.fields.variable, more], ['PURGE_SECRET', []]);
    assert.deepEqual(warningsOf({}), []);
  });
});

describe('The warning about an address without encryption', () => {
  const unprotected = (env: NodeJS.ProcessEnv) =>
    warningsOf({ ...LIBRARY_PRODUCTION, ...env })
      .filter(({ message }) => message === 'address without encryption')
      .map(({ fields }) => fields.variable);
  const at = (origin: string) => ({
    JWKS_URL: `${origin}/keys`,
    INTROSPECTION_URL: `${origin}/introspect`,
    INTROSPECTION_CLIENT_ID: 'frontdesk',
    INTROSPECTION_CLIENT_SECRET: 'the secret',
    UPSTREAM_TOKEN_URL: `${origin}/token`,
    ORDER_SERVICE_CREDENTIALS: 'client-credentials',
  });

  it('is given in production for keys, introspection and tokens by plain HTTP', () => {
    assert.deepEqual(unprotected(at('http://id.example')), [
      'JWKS_URL',
      'INTROSPECTION_URL',
      'UPSTREAM_TOKEN_URL',
    ]);
    assert.deepEqual(unprotected(at('https://id.example')), []);
    assert.deepEqual(unprotected(at('http://127.0.0.1:8080')), []);
    assert.deepEqual(unprotected({ ...at('http://id.example'), NODE_ENV: 'test' }), []);
  });

  it('is given if the keys of one of several issuers are at such an address', () => {
    const issuers = ['https://a.example', 'http://b.example'].map((issuer, n) => ({
      issuer,
      jwksUrl: `${issuer}/keys`,
      audience: 'library',
      userIdPrefix: `${n}|`,
    }));
    const single = { JWKS_URL: '', JWT_ISSUER: '', JWT_AUDIENCE: '' };
    const warned = unprotected({ ...single, JWT_ISSUERS: JSON.stringify(issuers) });
    assert.deepEqual(warned, ['JWT_ISSUERS']);
  });
});

describe('The warning about missing proxies', () => {
  it('is not given if clients connect by TLS, because none of them comes through a proxy then', async () => {
    await using tls = await createListenerTls();
    const proxies = (env: NodeJS.ProcessEnv) =>
      warningsOf({ ...LIBRARY_PRODUCTION, ...env }).filter(
        ({ fields }) => fields.variable === 'TRUSTED_PROXIES',
      );
    assert.equal(proxies({}).length, 1);
    assert.deepEqual(proxies(tls.env), []);
  });
});

async function exampleVariables(): Promise<readonly string[]> {
  const example = await readFile(new URL('.env.example', ROOT), 'utf8');
  return [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name);
}
