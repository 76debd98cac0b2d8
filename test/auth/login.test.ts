import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createBrowser, type RequestOptions } from '../support/browser.ts';
import { demoIssuerAt } from '../support/demo-issuer.ts';
import { CAST } from '../support/fixture/cast.ts';
import { logIn } from '../support/identity.ts';
import {
  beginLogin,
  CSRF_HEADER,
  type Login,
  loggedIn,
  sessionCookieOf,
  sessionOf,
  startLogin,
  startLoginAt,
  viewerOf,
} from '../support/login.ts';
import { startOpenIdProvider } from '../support/openid-provider.ts';
import { until } from '../support/until.ts';

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

  it('costs the address one unit for each of its requests, and the viewer for its session', async () => {
    await using provider = await startOpenIdProvider();
    const limits = { RATE_LIMIT_ADDRESS: '100', RATE_LIMIT_VIEWER: '50' };
    await using bff = await startLoginAt(provider, limits);
    const browser = createBrowser();
    const remaining = async (path: string, options: RequestOptions = {}) =>
      (await browser.request(bff.url + path, options)).headers.get('ratelimit')?.match(/r=\d+/g);
    const callback = await beginLogin(browser, bff, provider, CAST.reader);
    assert.deepEqual(await remaining(callback.pathname + callback.search), ['r=98']);
    const headers = CSRF_HEADER;
    assert.deepEqual(await remaining('/auth/session', { headers }), ['r=97', 'r=49']);
    assert.deepEqual(await remaining('/auth/logout', { method: 'POST', headers }), ['r=96']);
  });

  it('shows a page with a link while the provider is down, also after the user has signed in', async () => {
    await using provider = await startOpenIdProvider();
    await using bff = await startLoginAt(provider);
    const browser = createBrowser();
    const callback = await beginLogin(browser, bff, provider, CAST.reader);
    provider.setDown(true);
    await using restarted = await startLoginAt(provider);
    for (const url of [callback.href, restarted.loginUrl]) {
      const response = await browser.request(url, { headers: { accept: 'text/html' } });
      assert.equal(response.status, 503, url);
      assert.match(await response.text(), /not available: retry later.*href="\/auth\/login"/s);
      const other = await browser.request(restarted.loginUrl);
      const { errors } = (await other.json()) as { errors: { extensions: { code: string } }[] };
      assert.equal(errors[0]?.extensions.code, 'UPSTREAM_UNAVAILABLE');
    }
    provider.setDown(false);
    await until(async () => (await browser.request(restarted.loginUrl)).status === 302);
  });

  it('is refused for an account whose token is not accepted', async () => {
    await using provider = await startOpenIdProvider();
    await using bff = await startLoginAt(provider);
    provider.behave({ response: { access_token: 'an.unknown.token' } });
    const browser = createBrowser();
    const callback = await beginLogin(browser, bff, provider, CAST.reader);
    const response = await browser.request(callback.href, { headers: { accept: 'text/html' } });
    assert.equal(response.status, 403);
    assert.match(await response.text(), /account cannot be used here/);
    assert.equal(sessionCookieOf(browser, bff), undefined);
  });

  it('is refused if the provider is not one of the configured issuers', async () => {
    await using provider = await startOpenIdProvider();
    await using bff = await startLoginAt(provider, {
      ...demoIssuerAt('http://127.0.0.1:9/keys'),
      JWT_ISSUER: 'https://other.example',
    });
    assert.equal((await createBrowser().request(bff.loginUrl)).status, 503);
  });

  it('says that nobody is signed in, without a session', async () => {
    const { status, body } = await sessionOf(createBrowser(), login);
    assert.deepEqual([status, body], [200, { user: null }]);
  });

  it('ends here with a logout while the provider is down, whose page is not offered', async () => {
    await using provider = await startOpenIdProvider();
    await using bff = await startLoginAt(provider);
    const logOut = async () => {
      const options = { method: 'POST', headers: CSRF_HEADER };
      const response = await createBrowser().request(`${bff.url}/auth/logout`, options);
      return ((await response.json()) as { logoutUrl: string | null }).logoutUrl;
    };
    assert.ok((await logOut())?.startsWith(`${provider.url}/logout?`));
    provider.setDown(true);
    await until(async () => (await logOut()) === null);
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
