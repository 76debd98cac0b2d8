import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refreshTokenGrant } from 'openid-client';
import { createProvider, describeError } from '../../src/auth/login/provider.ts';
import { loadConfig } from '../../src/config/index.ts';
import { library } from '../support/fixture/bff.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts';
import { LOGIN } from '../support/session.ts';

/** The access to a provider that is one of two issuers, and the reasons that it logs. */
function connect({ discoveryUrl, issuer }: OpenIdProvider, clients?: readonly string[]) {
  const shared = { jwksUrl: 'http://127.0.0.1:9/keys', audience: 'frontdesk' };
  const list = [
    { ...shared, issuer, clients, userIdPrefix: '' },
    { ...shared, issuer: 'https://other.example', userIdPrefix: 'other|' },
  ];
  const env = { ...LOGIN, LOGIN_DISCOVERY_URL: discoveryUrl, JWT_ISSUERS: JSON.stringify(list) };
  const { login, issuers } = loadConfig(env, library);
  assert.ok(login);
  const reasons: unknown[] = [];
  const log = { warn: ({ reason }: { reason: unknown }) => reasons.push(reason) } as never;
  return { ...createProvider(login, { issuers, log }), reasons };
}

describe('The provider of logins', () => {
  it('is refused if the client of the login is not an own client of its issuer', async () => {
    await using provider = await startOpenIdProvider();
    const { load, reasons } = connect(provider, ['another']);
    await assert.rejects(load, { code: 'UPSTREAM_UNAVAILABLE' });
    assert.match(String(reasons), /^LOGIN_CLIENT_ID is not one of the "clients"/);
    await connect(provider, [LOGIN.LOGIN_CLIENT_ID]).load();
    await connect(provider).load();
  });

  it('that refuses the secret of the client with a challenge is logged with status and code', async () => {
    await using provider = await startOpenIdProvider();
    provider.behave({ error: [401, 'invalid_client'] });
    const configuration = await connect(provider).load();
    const error = await refreshTokenGrant(configuration, 'a token').catch((reason) => reason);
    assert.deepEqual(describeError(error), { reason: 'invalid_client', status: 401 });
  });
});
