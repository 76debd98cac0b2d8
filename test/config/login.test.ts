import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';
import { demoIssuerAt } from '../support/demo-issuer.ts';
import { library } from '../support/fixture/bff.ts';
import { LOGIN } from '../support/session.ts';
import { faultsOf } from './faults.ts';

const load = (env: NodeJS.ProcessEnv) => loadConfig(env, library).login;
const faults = (changed: NodeJS.ProcessEnv) => faultsOf(() => load({ ...LOGIN, ...changed }));

describe('The configuration of login', () => {
  it('is off without a provider, and in a BFF without sessions', () => {
    assert.equal(load({}), undefined);
    assert.equal(loadConfig(LOGIN, { ...library, credentials: ['key'] }).login, undefined);
  });

  it('has defaults for what is not particular to a provider', () => {
    const { scopes, parameters, returnPaths, sessionMaxAgeMs, sessionSecrets } = load(LOGIN) ?? {};
    assert.equal(scopes, 'openid offline_access');
    assert.equal(parameters?.size, 0);
    assert.deepEqual(returnPaths, ['/']);
    assert.equal(sessionMaxAgeMs, 12 * 3_600_000);
    assert.deepEqual(sessionSecrets, [LOGIN.SESSION_SECRET]);
  });

  it('names each variable that is missing', () => {
    const missing = ['LOGIN_CLIENT_ID', 'LOGIN_CLIENT_SECRET', 'PUBLIC_URL', 'SESSION_SECRET'];
    assert.deepEqual(
      faults(Object.fromEntries(missing.map((name) => [name, '']))),
      missing.map((name) => `${name}: must be set with LOGIN_DISCOVERY_URL`),
    );
  });

  it('is not configured in part', () => {
    const names = ['LOGIN_CLIENT_ID', 'SESSION_SECRET'];
    assert.deepEqual(
      faults({ LOGIN_DISCOVERY_URL: '' }),
      names.map((name) => `${name}: is not used without LOGIN_DISCOVERY_URL`),
    );
  });

  it('has a client that is one of the own clients of a single issuer', () => {
    const issuer = demoIssuerAt('http://127.0.0.1:9/keys');
    assert.deepEqual(faults({ ...issuer, JWT_CLIENTS: 'web,frontdesk-web' }), []);
    assert.deepEqual(faults({ ...issuer, JWT_CLIENTS: 'web' }), [
      'JWT_CLIENTS: must contain the client id of LOGIN_CLIENT_ID',
    ]);
  });

  it('needs Redis for several workers, which would renew a session several times', () => {
    assert.match(faults({ WORKERS: '2' }).join(), /^REDIS_URL: .*WORKERS/);
    assert.deepEqual(faults({ WORKERS: '2', REDIS_URL: 'redis://127.0.0.1:1' }), []);
    assert.deepEqual(faults({ WORKERS: '1' }), []);
  });

  const invalid: Record<string, readonly string[]> = {
    PUBLIC_URL: ['shop.example', 'http://shop.example', 'https://shop.example/app', 'ftp://x'],
    LOGIN_DISCOVERY_URL: ['http://provider.example/.well-known/openid-configuration', 'x'],
    LOGIN_RETURN_PATHS: ['orders', '//evil.example', '/a/../b', '/a%2fb', '/*/a', '/a?b', '/a b'],
    LOGIN_PARAMETERS: ['state=x', 'audience=a&redirect_uri=b', 'response_type=token'],
    LOGIN_SCOPES: ['profile', 'openidx', 'openid,profile'],
    SESSION_SECRET: ['short', `${LOGIN.SESSION_SECRET},short`],
    SESSION_MAX_AGE_MS: ['0', '-1', '1h'],
  };
  for (const [name, values] of Object.entries(invalid)) {
    it(`refuses values of ${name} that are unsafe or malformed`, () => {
      for (const value of values) {
        const [fault = '', ...more] = faults({ [name]: value });
        assert.ok(fault.startsWith(`${name}: must`) && more.length === 0, `${value}: ${fault}`);
        if (name === 'SESSION_SECRET') assert.ok(!fault.includes(LOGIN.SESSION_SECRET));
      }
    });
  }

  it('accepts an origin and a provider with TLS, or on this machine', () => {
    for (const origin of [
      'https://shop.example',
      'https://shop.example:8443',
      'http://localhost:4000',
    ]) {
      assert.equal(load({ ...LOGIN, PUBLIC_URL: origin })?.publicUrl.origin, origin);
    }
    const url = 'https://provider.example/tenant/.well-known/openid-configuration';
    assert.equal(load({ ...LOGIN, LOGIN_DISCOVERY_URL: url })?.discoveryUrl.href, url);
  });
});
