import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createBrowser } from '../support/browser.ts';
import { CAST } from '../support/fixture/cast.ts';
import { logIn } from '../support/identity.ts';
import {
  CSRF_HEADER,
  type Login,
  loggedIn,
  sessionCookieOf,
  sessionOf,
  startLogin,
  viewerOf,
} from '../support/login.ts';

const ATTRIBUTES = /; Path=\/; Secure; HttpOnly; SameSite=(Strict|Lax); Max-Age=(\d+)$/;

describe('A login', () => {
  let login: Login;
  before(async () => {
    login = await startLogin();
  });
  after(() => login[Symbol.asyncDispose]());

  it('sends the browser to the provider with PKCE, state and nonce', async () => {
    const browser = createBrowser();
    const response = await browser.request(login.loginUrl);
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const { origin, searchParams } = new URL(response.headers.get('location') ?? '');
    assert.equal(origin, login.identity.url);
    const { state = '', nonce, code_challenge, ...rest } = Object.fromEntries(searchParams);
    assert.deepEqual(rest, {
      client_id: 'frontdesk-web',
      redirect_uri: login.callbackUrl,
      response_type: 'code',
      scope: 'openid offline_access',
      code_challenge_method: 'S256',
    });
    for (const random of [state, nonce, code_challenge]) assert.match(random ?? '', /^[\w-]{43}$/);
    const [cookie = '', ...more] = response.headers.getSetCookie();
    assert.deepEqual(more, []);
    assert.match(cookie, /^__Host-login-[\w-]{22}=/);
    assert.deepEqual(ATTRIBUTES.exec(cookie)?.slice(1), ['Lax', '600']);
    assert.ok(!cookie.includes(state));
  });

  it('opens a session whose tokens are not in any response', async () => {
    const browser = createBrowser();
    const page = await logIn(browser, `${login.loginUrl}?returnTo=/loans/7`, CAST.reader);
    assert.equal(page.url, `${login.url}/loans/7`);
    const callback = page.history.find((url) => url.startsWith(login.callbackUrl)) ?? '';
    assert.equal(new URL(callback).searchParams.get('iss'), 'https://demo.frontdesk.example');
    const cookies = browser.cookiesFor(login.url).filter(({ name }) => name.startsWith('__Host-'));
    assert.deepEqual(
      cookies.map(({ name }) => name),
      ['__Host-session'],
      'the cookie of the transaction is deleted',
    );
    const [cookie] = cookies;
    const [, sameSite, maxAge] = ATTRIBUTES.exec(cookie?.text ?? '') ?? [];
    assert.equal(sameSite, 'Strict');
    assert.ok(Number(maxAge) > 12 * 3_600 - 60 && Number(maxAge) <= 12 * 3_600);
    assert.match(cookie?.value ?? '', /^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/, 'an encrypted JWT');

    assert.equal((await viewerOf(browser, login)).id, CAST.reader);
    const { status, headers, body } = await sessionOf(browser, login);
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'no-store');
    const { user, expiresAt, ...more } = body as { user: unknown; expiresAt: string };
    assert.deepEqual([user, more], [{ id: CAST.reader, role: 'customer' }, {}]);
    const leftMs = Date.parse(expiresAt) - Date.now();
    assert.ok(leftMs > 11.9 * 3_600_000 && leftMs <= 12 * 3_600_000);
  });

  it('says that nobody is signed in, without a session', async () => {
    const { status, body } = await sessionOf(createBrowser(), login);
    assert.deepEqual([status, body], [200, { user: null }]);
  });

  it('ends with a logout: here, at the provider by its token, and there in the browser', async () => {
    const browser = await loggedIn(login, CAST.reader);
    const copy = `__Host-session=${sessionCookieOf(browser, login)?.value}`;
    const response = await browser.request(`${login.url}/auth/logout`, {
      method: 'POST',
      headers: CSRF_HEADER,
    });
    assert.equal(response.status, 200);
    const { logoutUrl } = (await response.json()) as { logoutUrl: string };
    const { origin, searchParams } = new URL(logoutUrl);
    assert.equal(origin, login.identity.url);
    assert.deepEqual(Object.fromEntries(searchParams), {
      client_id: 'frontdesk-web',
      post_logout_redirect_uri: `${login.url}/`,
    });
    assert.equal(sessionCookieOf(browser, login), undefined);
    assert.deepEqual((await sessionOf(browser, login)).body, { user: null });
    const thief = createBrowser();
    const { status, code } = await viewerOf(thief, login, { headers: { cookie: copy } });
    assert.deepEqual([status, code], [401, 'UNAUTHENTICATED'], 'a copy of the cookie is of no use');
  });
});
