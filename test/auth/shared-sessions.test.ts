import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { issueToken } from '../../services/support/tokens.ts';
import { createRedisStore } from '../../src/auth/login/session-store.ts';
import { parseRedisAddress } from '../../src/config/redis-address.ts';
import { createRedis, type SharedRedis } from '../../src/redis/client.ts';
import { createBrowser } from '../support/browser.ts';
import { CAST } from '../support/fixture/cast.ts';
import {
  beginLogin,
  CSRF_HEADER,
  sessionCookieOf,
  startLoginAt,
  viewerOf,
} from '../support/login.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { LOGIN, sessionSealer } from '../support/session.ts';
import { until } from '../support/until.ts';

const USER: string = CAST.reader;
const PREFIX = `frontdesk:session:${LOGIN.LOGIN_CLIENT_ID}`;
const CLEARED = '__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0';
const REQUESTS = 10;
const log = { error() {}, warn() {}, info() {}, debug() {} };

type Replica = Awaited<ReturnType<typeof startLoginAt>>;

describe('Sessions in Redis', { skip: skipWithoutRedis }, () => {
  let provider: OpenIdProvider;
  let server: Awaited<ReturnType<typeof startRedis>>;
  let redis: SharedRedis;
  let first: Replica;
  let second: Replica;
  before(async () => {
    provider = await startOpenIdProvider();
    server = await startRedis();
    const env = { REDIS_URL: server.url.href };
    [first, second] = await Promise.all([startLoginAt(provider, env), startLoginAt(provider, env)]);
    const address = parseRedisAddress(server.url.href);
    assert.ok(address);
    redis = await createRedis(address, log);
  });
  after(async () => {
    redis.close();
    await Promise.all([first, second].map((replica) => replica[Symbol.asyncDispose]()));
    await server[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
  });
  beforeEach(() => provider.behave({}));

  async function signIn(replica: Replica, userId = USER) {
    const browser = createBrowser();
    const url = await beginLogin(browser, replica, provider, userId);
    const response = await browser.request(url.href);
    assert.equal(response.status, 303, await response.text());
    return `__Host-session=${sessionCookieOf(browser, replica)?.value}`;
  }

  /** The cookie of a session whose access token expires in this time; below a minute, it is to be renewed. */
  async function storeSession(expiresInMs: number): Promise<string> {
    const now = Date.now();
    const { cookie } = await createRedisStore(redis, sessionSealer(), PREFIX).create({
      issuer: provider.issuer,
      subject: USER,
      providerSession: undefined,
      accessToken: await issueToken({ userId: USER }),
      refreshToken: provider.issueRefreshToken(USER),
      createdAt: now - 300_000,
      renewedAt: now - 300_000,
      accessExpiresAt: now + expiresInMs,
      expiresAt: now + 3_600_000,
    });
    return `__Host-session=${cookie}`;
  }

  const keyOf = (cookie: string) =>
    `${PREFIX}:${hash('sha256', cookie.slice(cookie.indexOf('=') + 1), 'base64url')}`;
  const ask = (replica: Replica, cookie: string) =>
    viewerOf(createBrowser(), replica, { headers: { cookie } });
  const logOut = (replica: Replica, cookie: string) =>
    fetch(`${replica.url}/auth/logout`, { method: 'POST', headers: { ...CSRF_HEADER, cookie } });
  /** Ends all sessions of the user. */
  const logoutToken = () =>
    provider.sign({
      ...provider.idTokenClaims(USER),
      sid: undefined,
      jti: crypto.randomUUID(),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
  const sendLogoutToken = (replica: Replica, token: string) =>
    fetch(`${replica.url}/auth/backchannel-logout`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
  const isRevoked = (refreshToken: string): boolean =>
    provider.requestsOf('/revoke').some((form) => form.get('token') === refreshToken);
  const refreshes = () => provider.requestsOf('/token').length;
  const everywhere = (cookie: string) =>
    Promise.all(
      Array.from({ length: REQUESTS }, (_, n) => ask(n % 2 === 0 ? first : second, cookie)),
    );

  it('are valid at every replica, by a random id in the cookie', async () => {
    const cookie = await signIn(first);
    assert.match(cookie, /^__Host-session=[\w-]{43}$/);
    for (const replica of [first, second]) assert.equal((await ask(replica, cookie)).id, USER);
  });

  it('have neither cookies nor tokens in Redis that anybody could read or use', async () => {
    const cookie = await signIn(first);
    const [, id = ''] = cookie.split('=');
    const keys = await redis.client.keys('frontdesk:session:*');
    const values = await Promise.all(keys.map((key) => redis.client.get(key)));
    assert.ok(keys.length > 0);
    const stored = JSON.stringify([keys, values]);
    for (const secret of [id, 'refresh-', 'code-', 'accessToken']) {
      assert.ok(!stored.includes(secret), secret);
    }
    // A JWT with its claims, which is not encrypted.
    assert.doesNotMatch(stored, /ey[\w-]+\.ey[\w-]+\./);
  });

  it('are not given to another cookie by a change in Redis', async () => {
    const mine = await signIn(first);
    const theirs = await signIn(first, CAST.otherReader);
    await redis.client.set(keyOf(mine), (await redis.client.get(keyOf(theirs))) ?? '');
    assert.equal((await ask(second, mine)).status, 401);
    assert.equal((await ask(second, theirs)).id, CAST.otherReader);
  });

  for (const [what, expiresInMs] of [
    ['is about to expire', 30_000],
    ['has expired', -1_000],
  ] as const) {
    it(`are renewed once by parallel requests to both replicas if the token ${what}`, async () => {
      const cookie = await storeSession(expiresInMs);
      // A window in which both have begun.
      provider.behave({ before: () => new Promise((resolve) => setTimeout(resolve, 100)) });
      const before = refreshes();
      const answers = await everywhere(cookie);
      assert.deepEqual(new Set(answers.map(({ id }) => id)), new Set([USER]));
      assert.deepEqual(
        answers.flatMap(({ headers }) => headers.getSetCookie()),
        [],
        'the cookie stays',
      );
      await everywhere(cookie);
      assert.equal(refreshes() - before, 1);
    });
  }

  it('end at every replica with a logout at one of them', async () => {
    const cookie = await signIn(first);
    assert.equal((await logOut(first, cookie)).status, 200);
    for (const replica of [first, second]) {
      const { status, headers } = await ask(replica, cookie);
      assert.deepEqual([status, [...new Set(headers.getSetCookie())]], [401, [CLEARED]]);
    }
  });

  it('do not come back if they are renewed during the logout', async () => {
    const cookie = await storeSession(-1_000);
    const gate = Promise.withResolvers<void>();
    const refreshToken = 'renewed-during-a-logout-elsewhere';
    provider.behave({ before: () => gate.promise, response: { refresh_token: refreshToken } });
    const before = refreshes();
    const renewing = ask(first, cookie);
    await until(() => refreshes() > before);
    assert.equal((await logOut(second, cookie)).status, 200);
    gate.resolve();
    assert.equal((await renewing).status, 401);
    assert.equal(await redis.client.exists(keyOf(cookie)), 0);
    await until(() => isRevoked(refreshToken));
  });

  it('are over if the provider ends them at another replica while they are renewed', async () => {
    const cookie = await storeSession(-1_000);
    const gate = Promise.withResolvers<void>();
    const refreshToken = 'renewed-during-a-logout-at-the-provider';
    provider.behave({ before: () => gate.promise, response: { refresh_token: refreshToken } });
    const before = refreshes();
    const renewing = ask(first, cookie);
    await until(() => refreshes() > before);
    assert.equal((await sendLogoutToken(second, await logoutToken())).status, 200);
    gate.resolve();
    assert.equal((await renewing).status, 401);
    await until(() => isRevoked(refreshToken));
  });

  it('end at every replica with a logout token that one of them gets', async () => {
    const cookie = await signIn(first);
    const token = await logoutToken();
    const send = (replica: Replica) => sendLogoutToken(replica, token);
    assert.equal((await send(first)).status, 200);
    for (const replica of [second, first]) assert.equal((await ask(replica, cookie)).status, 401);
    assert.equal((await send(second)).status, 400, 'a replay at another replica');
  });

  it('do not open twice: a callback is refused at a replica if another one has had it', async () => {
    const browser = createBrowser();
    const url = await beginLogin(browser, first, provider, USER);
    const [transaction] = browser.cookiesFor(first.url);
    assert.equal((await browser.request(url.href)).status, 303);
    const thief = createBrowser();
    thief.setCookie(second.url, transaction?.text ?? '');
    const replayed = new URL(`${second.callbackUrl}${url.search}`);
    const before = refreshes();
    assert.equal((await thief.request(replayed.href)).status, 400);
    assert.equal(refreshes(), before, 'its code is not sent to the provider');
  });

  it('are unavailable while Redis is, and go on afterwards', async () => {
    const known = await signIn(first);
    assert.equal((await ask(first, known)).id, USER);
    server.pause();
    try {
      assert.equal((await ask(first, known)).id, USER, 'for up to ten seconds from memory');
      const { status, code, headers } = await ask(second, known);
      assert.deepEqual([status, code], [503, 'UPSTREAM_UNAVAILABLE']);
      assert.deepEqual(headers.getSetCookie(), []);
      assert.equal((await logOut(second, known)).status, 503, 'a logout does not seem to succeed');
      const browser = createBrowser();
      const url = await beginLogin(browser, second, provider, USER);
      const response = await browser.request(url.href, { headers: { accept: 'text/html' } });
      assert.equal(response.status, 503);
      assert.match(await response.text(), /not available right now.*Try again/s);
    } finally {
      server.resume();
    }
    await until(async () => (await ask(second, known)).id === USER);
  });
});
