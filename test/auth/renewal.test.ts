import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { issueToken } from '../../services/support/tokens.ts';
import type { Session } from '../../src/auth/login/session.ts';
import { createBrowser } from '../support/browser.ts';
import { CAST } from '../support/fixture/cast.ts';
import { CSRF_HEADER, startLoginAt, viewerOf } from '../support/login.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts';
import { LOGIN, type Sealing, sealSession } from '../support/session.ts';
import { until } from '../support/until.ts';

const USER: string = CAST.reader;
const REQUESTS = 20;
const OLD_SECRET = 'the secret that was used before this one';
const CLEARED = '__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0';

let provider: OpenIdProvider;
let bff: Awaited<ReturnType<typeof startLoginAt>>;
let sessions = 0;

before(async () => {
  provider = await startOpenIdProvider();
  bff = await startLoginAt(provider, { SESSION_SECRET: `${LOGIN.SESSION_SECRET},${OLD_SECRET}` });
});
after(async () => {
  await bff[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(async () => {
  provider.behave({});
  provider.setDown(false);
});

/** The cookie of a session whose access token expires in this time; below a minute, it is to be renewed. */
async function cookieOf(
  expiresInMs: number,
  changed: Partial<Session> = {},
  sealing: Sealing = {},
) {
  const now = Date.now();
  const token = await issueToken({ userId: USER });
  const session = {
    id: `session-${sessions++}`,
    issuer: provider.issuer,
    subject: USER,
    refreshToken: provider.issueRefreshToken(USER),
    renewedAt: now - 300_000,
    accessExpiresAt: now + expiresInMs,
    ...changed,
  };
  return `__Host-session=${await sealSession(token, session, sealing)}`;
}

const DUE_MS = 30_000;
const EXPIRED_MS = -1_000;

const ask = (cookie: string) => viewerOf(createBrowser(), bff, { headers: { cookie } });
const logOut = (cookie: string) =>
  fetch(`${bff.url}/auth/logout`, { method: 'POST', headers: { ...CSRF_HEADER, cookie } });
const refreshes = () => provider.requestsOf('/token').length;
const isRevoked = (refreshToken: string): boolean =>
  provider.requestsOf('/revoke').some((form) => form.get('token') === refreshToken);
const sentCookie = ({ headers }: Awaited<ReturnType<typeof ask>>): string | undefined =>
  headers.getSetCookie()[0]?.split(';')[0];

describe('A session whose access token is about to expire', () => {
  it('is renewed once by parallel requests, all of which are answered', async () => {
    const cookie = await cookieOf(DUE_MS);
    const before = refreshes();
    const answers = await Promise.all(Array.from({ length: REQUESTS }, () => ask(cookie)));
    assert.deepEqual(new Set(answers.map(({ id }) => id)), new Set([USER]));
    assert.equal(refreshes() - before, 1);
  });

  it('gives its new cookie to late requests that still have the old one', async () => {
    const cookie = await cookieOf(DUE_MS);
    const renewed = sentCookie(await ask(cookie));
    assert.match(renewed ?? '', /^__Host-session=./);
    assert.notEqual(renewed, cookie);
    const before = refreshes();
    for (let n = 0; n < 3; n++) {
      const late = await ask(cookie);
      assert.deepEqual([late.id, sentCookie(late)], [USER, renewed]);
    }
    const next = await ask(renewed ?? '');
    assert.deepEqual([next.id, sentCookie(next)], [USER, undefined]);
    assert.equal(refreshes(), before);
  });

  it('is used as it is while the provider is down, fails or hangs, and renewed afterwards', async () => {
    const failures: Record<string, (hanging: Promise<void>) => void> = {
      down: () => provider.setDown(true),
      failing: () => provider.behave({ error: [401, 'invalid_client'] }),
      hanging: (hanging) => provider.behave({ before: () => hanging }),
    };
    for (const [what, fail] of Object.entries(failures)) {
      const cookie = await cookieOf(DUE_MS);
      const gate = Promise.withResolvers<void>();
      fail(gate.promise);
      for (let n = 0; n < 3; n++) {
        const { id, headers } = await ask(cookie);
        assert.deepEqual([id, headers.getSetCookie()], [USER, []], what);
      }
      provider.behave({});
      provider.setDown(false);
      gate.resolve();
      await until(async () => sentCookie(await ask(cookie)) !== undefined);
    }
  });

  it('is over if the provider refuses the refresh token, and stays so', async () => {
    provider.behave({ error: [400, 'invalid_grant'] });
    const cookie = await cookieOf(DUE_MS);
    for (let n = 0; n < 2; n++) {
      const { status, code, headers } = await ask(cookie);
      assert.deepEqual([status, code], [401, 'UNAUTHENTICATED']);
      assert.deepEqual([...new Set(headers.getSetCookie())], [CLEARED]);
      provider.behave({});
    }
  });

  it('is over if the renewed ID token is of another user', async () => {
    provider.behave({ idToken: { sub: CAST.otherReader } });
    assert.equal((await ask(await cookieOf(DUE_MS))).status, 401);
  });

  it('keeps its refresh token if the provider sends no other', async () => {
    provider.behave({ response: { refresh_token: undefined, expires_in: 0 } });
    const cookie = await cookieOf(DUE_MS);
    const renewed = sentCookie(await ask(cookie)) ?? '';
    await ask(renewed);
    const [first, second] = provider.requestsOf('/token').slice(-2);
    assert.equal(second?.get('refresh_token'), first?.get('refresh_token'));
  });

  it('is opened with an old secret, and sealed with the new one', async () => {
    const cookie = await cookieOf(DUE_MS, {}, { secret: OLD_SECRET });
    const renewed = sentCookie(await ask(cookie)) ?? '';
    await using replaced = await startLoginAt(provider);
    const send = (value: string) =>
      viewerOf(createBrowser(), replaced, { headers: { cookie: value } });
    assert.equal((await send(renewed)).id, USER);
    assert.equal((await send(cookie)).status, 401);
  });

  it('gives no cookie to a response that shared caches store, but to the next one', async () => {
    await using cached = await startLoginAt(provider, { CACHE_MEMORY_MB: '8' });
    const cookie = await cookieOf(DUE_MS);
    const query = encodeURIComponent('{ notices { id } }');
    const response = await fetch(`${cached.url}/graphql?query=${query}`, {
      headers: { cookie, 'x-csrf-protection': '1' },
    });
    assert.match(response.headers.get('cache-control') ?? '', /^public/, await response.text());
    assert.deepEqual(response.headers.getSetCookie(), []);
    const next = await viewerOf(createBrowser(), cached, { headers: { cookie } });
    assert.match(sentCookie(next) ?? '', /^__Host-session=./);
  });

  it('is not renewed without a refresh token', async () => {
    const before = refreshes();
    const cookie = await cookieOf(DUE_MS, { refreshToken: undefined });
    assert.equal((await ask(cookie)).id, USER);
    assert.equal(refreshes(), before);
  });
});

describe('A session that is renewed during its logout', () => {
  for (const [what, expiresInMs] of [
    ['is about to expire', DUE_MS],
    ['has expired', EXPIRED_MS],
  ] as const) {
    it(`is over, and its new refresh token revoked, if its access token ${what}`, async () => {
      const gate = Promise.withResolvers<void>();
      const refreshToken = `renewed-during-logout-${expiresInMs}`;
      provider.behave({ before: () => gate.promise, response: { refresh_token: refreshToken } });
      const cookie = await cookieOf(expiresInMs);
      const before = refreshes();
      const renewing = ask(cookie);
      await until(() => refreshes() > before);
      assert.equal((await logOut(cookie)).status, 200);
      gate.resolve();
      const { status, headers } = await renewing;
      assert.equal(status, 401);
      assert.deepEqual([...new Set(headers.getSetCookie())], [CLEARED]);
      await until(() => isRevoked(refreshToken));
    });
  }

  it('is over, too, if the renewal fails while its access token is valid', async () => {
    const gate = Promise.withResolvers<void>();
    provider.behave({ before: () => gate.promise, error: [401, 'invalid_client'] });
    const cookie = await cookieOf(DUE_MS);
    const before = refreshes();
    const renewing = ask(cookie);
    await until(() => refreshes() > before);
    assert.equal((await logOut(cookie)).status, 200);
    gate.resolve();
    assert.equal((await renewing).status, 401);
    provider.behave({});
    await until(async () => (await ask(await cookieOf(EXPIRED_MS))).status !== 503);
  });
});

describe('A session whose access token has expired', () => {
  it('is renewed once, and parallel requests wait for it', async () => {
    const cookie = await cookieOf(EXPIRED_MS);
    const before = refreshes();
    const answers = await Promise.all(Array.from({ length: REQUESTS }, () => ask(cookie)));
    assert.deepEqual(new Set(answers.map(({ id }) => id)), new Set([USER]));
    assert.equal(new Set(answers.map(sentCookie)).size, 1);
    assert.equal(refreshes() - before, 1);
  });

  it('is unavailable while the provider is down, which is not asked by each request', async () => {
    const cookie = await cookieOf(EXPIRED_MS);
    provider.setDown(true);
    const before = refreshes();
    for (let n = 0; n < REQUESTS; n++) {
      const { status, code, headers } = await ask(cookie);
      assert.deepEqual([status, code], [503, 'UPSTREAM_UNAVAILABLE']);
      assert.deepEqual(headers.getSetCookie(), []);
    }
    assert.ok(refreshes() - before < REQUESTS / 2);
    provider.setDown(false);
    await until(async () => (await ask(cookie)).id === USER);
  });

  it('is renewed for the next request if the client of the first one has left', async () => {
    const gate = Promise.withResolvers<void>();
    provider.behave({ before: () => gate.promise });
    const cookie = await cookieOf(EXPIRED_MS);
    const before = refreshes();
    const leaving = new AbortController();
    const abandoned = fetch(`${bff.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-protection': '1', cookie },
      body: JSON.stringify({ query: '{ viewer { id } }' }),
      signal: leaving.signal,
    });
    await until(() => refreshes() > before);
    leaving.abort();
    await assert.rejects(abandoned, { name: 'AbortError' });
    gate.resolve();
    assert.equal((await ask(cookie)).id, USER);
    assert.equal(refreshes() - before, 1);
  });

  it('ends at its absolute end, whatever the provider says', async () => {
    const cookie = await cookieOf(EXPIRED_MS, { expiresAt: Date.now() + 200 });
    const renewed = sentCookie(await ask(cookie)) ?? '';
    await until(async () => (await ask(renewed)).status === 401);
  });
});
