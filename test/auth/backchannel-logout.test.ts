import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createBackchannelLogout } from '../../src/auth/login/backchannel-logout.ts';
import { createProvider } from '../../src/auth/login/provider.ts';
import { createRevocations } from '../../src/auth/login/revocations.ts';
import { loadConfig } from '../../src/config/index.ts';
import { demoIssuerAt } from '../support/demo-issuer.ts';
import { library } from '../support/fixture/bff.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { LOGIN } from '../support/session.ts';
import { inSeconds } from './issuer.ts';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const MINUTE_MS = 60_000;

describe('A logout token', () => {
  it('is remembered until it is refused for its age, also one from a clock that is ahead', async () => {
    await using provider = await startOpenIdProvider();
    const { login, issuers } = loadConfig(
      {
        ...LOGIN,
        LOGIN_DISCOVERY_URL: provider.discoveryUrl,
        ...demoIssuerAt('http://127.0.0.1:9/keys'),
      },
      library,
    );
    assert.ok(login);
    const log = { error() {}, warn() {}, info() {}, debug() {} };
    const use = mock.fn(async (_jti: string, _lifetimeMs: number) => true);
    const logOut = createBackchannelLogout({
      provider: createProvider(login, { issuers, log }),
      clientId: login.clientId,
      revocations: createRevocations({ redis: undefined, maxAgeMs: MINUTE_MS, prefix: 'test:' }),
      usedTokens: { use },
    });
    const claims = { ...provider.idTokenClaims('42'), exp: inSeconds(3_600), events: EVENTS };
    const send = async (ageSeconds: number) =>
      logOut(await provider.sign({ ...claims, jti: 'a', iat: inSeconds(-ageSeconds) }));

    // Seconds from the limits, since the clock goes on meanwhile.
    const [minAgeSeconds, maxAgeSeconds] = [-20, 620];
    await send(minAgeSeconds);
    await send(maxAgeSeconds);
    await assert.rejects(send(631), { code: 'BAD_REQUEST' });
    const [[, lifetimeMs] = []] = use.mock.calls.map((call) => call.arguments);
    assert.ok(lifetimeMs && lifetimeMs >= (maxAgeSeconds - minAgeSeconds) * 1_000);
  });
});
