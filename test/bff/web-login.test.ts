import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { createClock } from '../support/clock.ts';
import { logIn, logOutAtProvider } from '../support/identity.ts';
import {
  CSRF_HEADER,
  loggedIn,
  sessionCookieOf,
  sessionOf,
  startLoginTo,
  viewerOf,
} from '../support/login.ts';
import { openSession } from '../support/session.ts';

// The web BFF with the demo's identity provider, whose refresh tokens are valid once: a second use of one
// ends the login. Both run in this process, so that one clock moves them.

const ACCESS_SECONDS = 300;
const REFRESH_SECONDS = 3_600;
/** Access tokens have less than a minute left then. */
const UNTIL_DUE_MS = 250_000;

const start = (env: NodeJS.ProcessEnv = {}) =>
  startLoginTo(web, env, {
    accessTokenSeconds: ACCESS_SECONDS,
    refreshTokenSeconds: REFRESH_SECONDS,
  });
type WebLogin = Awaited<ReturnType<typeof start>>;

const refused = { error: 'invalid_grant' };

describe('A login to the web BFF', () => {
  let login: WebLogin;
  let clock: ReturnType<typeof createClock>;
  before(async () => {
    login = await start();
  });
  beforeEach(() => {
    clock = createClock();
  });
  afterEach(() => clock[Symbol.dispose]());
  after(() => login[Symbol.asyncDispose]());

  const ask = (browser: Browser) => viewerOf(browser, login);
  const cookieOf = (browser: Browser) => sessionCookieOf(browser, login)?.value ?? '';

  /** The refresh token of a browser's session, as somebody who has stolen it has it. */
  async function stealRefreshToken(browser: Browser): Promise<string> {
    const session = await openSession(cookieOf(browser), { publicUrl: login.url });
    assert.ok(session?.refreshToken);
    return session.refreshToken;
  }

  async function assertOver(browser: Browser): Promise<void> {
    const { status, code } = await ask(browser);
    assert.deepEqual([status, code], [401, 'UNAUTHENTICATED']);
    assert.equal(sessionCookieOf(browser, login), undefined);
    assert.deepEqual((await sessionOf(browser, login)).body, { user: null });
  }

  for (const [id, role] of [
    [CAST.customer, 'customer'],
    [CAST.staff, 'staff'],
  ] as const) {
    it(`makes the chosen user the viewer: user ${id}, a ${role}`, async () => {
      const browser = createBrowser();
      const page = await logIn(browser, login.loginUrl, id);
      assert.equal(page.url, `${login.url}/`);
      assert.equal((await ask(browser)).id, id);
      const { body } = await sessionOf(browser, login);
      assert.deepEqual(body.user, { id, role });
    });
  }

  it('is renewed before its access token expires, with a new refresh token each time', async () => {
    const browser = await loggedIn(login, CAST.customer);
    const seen = new Set([await stealRefreshToken(browser)]);
    for (let n = 0; n < 5; n++) {
      clock.advance(UNTIL_DUE_MS);
      assert.equal((await ask(browser)).id, CAST.customer);
      seen.add(await stealRefreshToken(browser));
    }
    assert.equal(seen.size, 6);
  });

  it('survives parallel requests of several tabs, which use its refresh token once', async () => {
    const browser = await loggedIn(login, CAST.customer);
    for (let n = 0; n < 3; n++) {
      clock.advance(UNTIL_DUE_MS);
      const before = login.identity.tokenRequests();
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(browser)));
      assert.deepEqual(new Set(answers.map(({ id }) => id)), new Set([CAST.customer]));
      assert.equal(login.identity.tokenRequests() - before, 1);
    }
  });

  it('ends, for user and thief, when the thief of a refresh token has used it first', async () => {
    const browser = await loggedIn(login, CAST.customer);
    const stolen = await login.identity.rotate(await stealRefreshToken(browser));
    clock.advance(UNTIL_DUE_MS);
    await assertOver(browser);
    await assert.rejects(login.identity.rotate(stolen.refresh_token ?? ''), refused);
  });

  it('ends with its next renewal when a thief uses a refresh token that was rotated', async () => {
    const browser = await loggedIn(login, CAST.customer);
    const other = await loggedIn(login, CAST.customer);
    const stolen = await stealRefreshToken(browser);
    clock.advance(UNTIL_DUE_MS);
    assert.equal((await ask(browser)).id, CAST.customer);
    await assert.rejects(login.identity.rotate(stolen), refused);
    clock.advance(UNTIL_DUE_MS);
    await assertOver(browser);
    assert.equal((await ask(other)).id, CAST.customer);
  });

  it('ends with a logout, also for a copy of the cookie and at the provider', async () => {
    const browser = await loggedIn(login, CAST.customer);
    const copy = createBrowser();
    copy.setCookie(login.url, sessionCookieOf(browser, login)?.text ?? '');
    assert.equal((await ask(copy)).id, CAST.customer);
    const refreshToken = await stealRefreshToken(browser);
    const response = await browser.request(`${login.url}/auth/logout`, {
      method: 'POST',
      headers: CSRF_HEADER,
    });
    assert.equal(response.status, 200);
    assert.equal(sessionCookieOf(browser, login), undefined);
    await assertOver(copy);
    await assert.rejects(login.identity.rotate(refreshToken), refused);
  });

  it('goes on with another login of the same user, whose grant at the provider is the same', async () => {
    const browser = await loggedIn(login, CAST.customer);
    const first = cookieOf(browser);
    const page = await browser.open(login.loginUrl);
    assert.equal(page.url, `${login.url}/`);
    assert.notEqual(cookieOf(browser), first);
    const copy = { headers: { cookie: `__Host-session=${first}` } };
    assert.equal((await viewerOf(createBrowser(), login, copy)).status, 401);
    clock.advance(UNTIL_DUE_MS);
    assert.equal((await ask(browser)).id, CAST.customer);
    clock.advance(UNTIL_DUE_MS);
    assert.equal((await ask(browser)).id, CAST.customer);
  });

  it('ends with a logout at the provider, which tells the BFF', async () => {
    const browser = await loggedIn(login, CAST.customer);
    const other = await loggedIn(login, CAST.customer);
    const { end_session_endpoint = '' } = (await login.identity.createClient()).serverMetadata();
    await logOutAtProvider(browser, end_session_endpoint);
    await assertOver(browser);
    assert.equal((await ask(other)).id, CAST.customer);
  });

  it('ends when nobody has used it for longer than its refresh token lasts', async () => {
    const browser = await loggedIn(login, CAST.customer);
    clock.advance((REFRESH_SECONDS + 1) * 1_000);
    await assertOver(browser);
  });

  it('ends at its absolute end, however often it was renewed', async () => {
    await using short = await start({ SESSION_MAX_AGE_MS: String(3 * UNTIL_DUE_MS) });
    const browser = await loggedIn(short, CAST.customer);
    for (let n = 0; n < 2; n++) {
      clock.advance(UNTIL_DUE_MS);
      assert.equal((await viewerOf(browser, short)).id, CAST.customer);
    }
    // The browser drops the cookie then; a copy of it is refused as well.
    const { text = '', value = '' } = sessionCookieOf(browser, short) ?? {};
    assert.match(text, /; Max-Age=\d+/);
    clock.advance(UNTIL_DUE_MS + 1_000);
    const headers = { cookie: `__Host-session=${value}` };
    const { status, code } = await viewerOf(createBrowser(), short, { headers });
    assert.deepEqual([status, code], [401, 'UNAUTHENTICATED']);
  });
});

describe('While the identity provider is down, the web BFF', () => {
  it('keeps sessions until their access tokens expire, and says that login is not possible', async () => {
    await using login = await start();
    using clock = createClock();
    const browser = await loggedIn(login, CAST.customer);
    await login.identity.close();

    assert.equal((await viewerOf(browser, login)).id, CAST.customer);
    clock.advance(UNTIL_DUE_MS);
    assert.equal((await viewerOf(browser, login)).id, CAST.customer);
    clock.advance(ACCESS_SECONDS * 1_000);
    const { status, code } = await viewerOf(browser, login);
    assert.deepEqual([status, code], [503, 'UPSTREAM_UNAVAILABLE']);
    assert.ok(sessionCookieOf(browser, login), 'the session goes on when the provider is back');

    const page = await createBrowser().open(login.loginUrl, { headers: { accept: 'text/html' } });
    assert.deepEqual([page.status, page.url], [503, login.loginUrl]);
    assert.match(page.body, /href="\/auth\/login"/);
  });

  it('shows a page that says so and offers to try again, if it has not known it before', async () => {
    await using login = await start({
      LOGIN_DISCOVERY_URL: 'http://127.0.0.1:9/.well-known/openid-configuration',
    });
    const page = await createBrowser().open(login.loginUrl, { headers: { accept: 'text/html' } });
    assert.equal(page.status, 503);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(page.body, /href="\/auth\/login"/);
    assert.doesNotMatch(page.body, /<script|127\.0\.0\.1|ECONNREFUSED/);
  });
});
