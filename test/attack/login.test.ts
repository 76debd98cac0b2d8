import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { issueToken } from '../../services/support/tokens.ts';
import { type Browser, createBrowser } from '../support/browser.ts';
import { CAST } from '../support/fixture/cast.ts';
import {
  beginLogin,
  CSRF_HEADER,
  sessionCookieOf,
  sessionOf,
  startLoginAt,
  viewerOf,
} from '../support/login.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts';
import { LOGIN, openSession, sealSession } from '../support/session.ts';

const VICTIM: string = CAST.reader;
const ATTACKER: string = CAST.otherReader;
const BROWSER = { accept: 'text/html,application/xhtml+xml' };
const NAME = '__Host-session';
const EVIL = 'https://evil.example';

let provider: OpenIdProvider;
let bff: Awaited<ReturnType<typeof startLoginAt>>;

before(async () => {
  provider = await startOpenIdProvider();
  bff = await startLoginAt(provider);
});
after(async () => {
  await bff[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});
beforeEach(() => provider.behave({}));

/** Begins a login of a user. @returns the URL that the provider sends the browser to */
const begin = (browser: Browser, userId = VICTIM) => beginLogin(browser, bff, provider, userId);

const open = (browser: Browser, url: URL | string) =>
  browser.request(String(url), { headers: BROWSER });

/** The cookie of a login that was begun. */
function transactionOf(browser: Browser) {
  const [cookie] = browser.cookiesFor(bff.callbackUrl);
  assert.ok(cookie);
  return cookie;
}

async function signedIn(userId = VICTIM): Promise<Browser> {
  const browser = createBrowser();
  const response = await open(browser, await begin(browser, userId));
  assert.equal(response.status, 303, await response.text());
  return browser;
}

/** Asserts that a navigation shows a page that says nothing of the request, and opens no session. */
async function assertRefused(response: Response, browser: Browser, what = '') {
  const page = await response.text();
  assert.equal(response.status, 400, `${what}: ${page}`);
  assert.equal(response.headers.get('location'), null, what);
  assert.equal(response.headers.get('cache-control'), 'no-store', what);
  assert.equal(response.headers.get('referrer-policy'), 'no-referrer', what);
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/, what);
  assert.match(response.headers.get('content-security-policy') ?? '', /^default-src 'none'/, what);
  assert.match(page, /<a href="\/auth\/login">/, what);
  assert.doesNotMatch(page, /<script|evil|code-/i, what);
  assert.equal(sessionCookieOf(browser, bff), undefined, what);
}

describe('Mix-up: a callback', () => {
  const tokenRequests = () => provider.requestsOf('/token').length;

  for (const [what, change] of Object.entries({
    'of another issuer': (url: URL) => url.searchParams.set('iss', EVIL),
    'without an issuer': (url: URL) => url.searchParams.delete('iss'),
    'with two issuers': (url: URL) => url.searchParams.append('iss', EVIL),
  })) {
    it(`is refused ${what}, and its code is not sent to the provider`, async () => {
      const browser = createBrowser();
      const url = await begin(browser);
      change(url);
      const before = tokenRequests();
      await assertRefused(await open(browser, url), browser);
      assert.equal(tokenRequests(), before);
    });
  }

  it('is refused if the ID token is of another issuer, client, signer or user agent', async () => {
    const stranger = await generateKeyPair('ES256');
    const forged = (nonce: string) =>
      new SignJWT(provider.idTokenClaims(VICTIM, nonce))
        .setProtectedHeader({ alg: 'ES256', kid: 'provider' })
        .sign(stranger.privateKey);
    const unsigned = (nonce: string) =>
      `${encoded({ alg: 'none' })}.${encoded(provider.idTokenClaims(VICTIM, nonce))}.`;
    for (const idToken of [
      { iss: EVIL },
      { aud: 'another-client' },
      { aud: [LOGIN.LOGIN_CLIENT_ID, 'another-client'], azp: 'another-client' },
      { exp: Math.floor(Date.now() / 1_000) - 60 },
      { sub: undefined as never },
    ]) {
      provider.behave({ idToken });
      const browser = createBrowser();
      await assertRefused(
        await open(browser, await begin(browser)),
        browser,
        JSON.stringify(idToken),
      );
    }
    for (const make of [forged, unsigned]) {
      const browser = createBrowser();
      const { headers } = await browser.request(bff.loginUrl);
      const location = headers.get('location') ?? '';
      const nonce = new URL(location).searchParams.get('nonce') ?? '';
      provider.behave({ rawIdToken: await make(nonce) });
      const url = new URL(bff.callbackUrl);
      url.search = provider.signIn(location, VICTIM).toString();
      await assertRefused(await open(browser, url), browser, make.name);
    }
  });
});

describe('Code injection: a callback', () => {
  it('is refused with the code of another login, of the same browser or another one', async () => {
    for (const other of [createBrowser(), undefined]) {
      const browser = createBrowser();
      const mine = await begin(browser);
      const theirs = await begin(other ?? browser, ATTACKER);
      mine.searchParams.set('code', theirs.searchParams.get('code') ?? '');
      await assertRefused(await open(browser, mine), browser);
    }
  });

  it('is refused with two codes, without one, and with one that nobody has issued', async () => {
    for (const change of [
      (url: URL) => url.searchParams.append('code', 'code-2'),
      (url: URL) => url.searchParams.delete('code'),
      (url: URL) => url.searchParams.set('code', 'code-evil'),
    ]) {
      const browser = createBrowser();
      const url = await begin(browser);
      change(url);
      await assertRefused(await open(browser, url), browser);
    }
  });
});

describe('Open redirect: a login', () => {
  for (const returnTo of [
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' /',
    '/ ',
    '/%2f/evil.example',
    '/%5cevil.example',
    '%2f%2fevil.example',
    '/%09/evil.example',
    '/loans/..//evil.example',
    '/loans/../../evil.example',
    '/loans/%2e%2e/evil',
    '/loans//evil.example',
    '/loans/./evil',
    '/loans/a:b',
    '/loans/a@evil.example',
    '/loans/?next=//evil.example',
    '/loans/#//evil.example',
    '/loans',
    '/Loans/1',
    '/orders',
    'loans/1',
    'evil.example',
    'https://evil.example',
    'https:evil.example',
    'HTTPS://evil.example/loans/1',
    'javascript:alert(1)',
    'data:text/html,x',
    '/loans/\u0000',
    '/loans/\u2028',
    '/loans/\uff0fevil.example',
    '/loans/\u3002',
    '',
    `/loans/${'x'.repeat(600)}`,
  ]) {
    it(`is refused for a return to ${JSON.stringify(returnTo).slice(0, 40)}`, async () => {
      const browser = createBrowser();
      const url = `${bff.loginUrl}?returnTo=${encodeURIComponent(returnTo)}`;
      await assertRefused(await open(browser, url), browser);
      const response = await browser.request(url);
      assert.equal(response.status, 400);
      assert.equal(browser.cookiesFor(bff.url).length, 0);
    });
  }

  it('is refused with two paths to return to', async () => {
    const browser = createBrowser();
    const url = `${bff.loginUrl}?returnTo=/loans/1&returnTo=//evil.example`;
    await assertRefused(await open(browser, url), browser);
  });

  it('returns to this origin, whatever Host and X-Forwarded-* say', async () => {
    const browser = createBrowser();
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    const started = await browser.request(bff.loginUrl, { headers });
    const location = new URL(started.headers.get('location') ?? '');
    assert.equal(location.searchParams.get('redirect_uri'), `${LOGIN.PUBLIC_URL}/auth/callback`);
    const url = new URL(bff.callbackUrl);
    url.search = provider.signIn(location.href, VICTIM).toString();
    const finished = await browser.request(url.href, { headers });
    assert.deepEqual([finished.status, finished.headers.get('location')], [303, '/']);
  });
});

describe('Replay', () => {
  it('of a state is refused, also with the cookie of its login and a new code', async () => {
    const browser = createBrowser();
    const url = await begin(browser);
    const transaction = transactionOf(browser);
    assert.equal((await open(browser, url)).status, 303);
    for (const code of [url.searchParams.get('code') ?? '', 'code-evil']) {
      const thief = createBrowser();
      thief.setCookie(bff.url, transaction.text);
      url.searchParams.set('code', code);
      await assertRefused(await open(thief, url), thief);
    }
    assert.equal((await viewerOf(browser, bff)).id, VICTIM, 'the session goes on');
  });

  it('of a nonce is refused: an ID token of another login, or of none', async () => {
    for (const nonce of ['the-nonce-of-another-login', '', undefined]) {
      provider.behave({ idToken: { nonce } });
      const browser = createBrowser();
      await assertRefused(await open(browser, await begin(browser)), browser, nonce);
    }
  });

  it('of two callbacks at once opens one session', async () => {
    const browser = createBrowser();
    const url = await begin(browser);
    const responses = await Promise.all([open(browser, url), open(browser, url)]);
    assert.deepEqual(responses.map(({ status }) => status).sort(), [303, 400]);
  });
});

describe('Cookie tossing', () => {
  it('does not choose between two session cookies, in any order', async () => {
    const mine = sessionCookieOf(await signedIn(), bff)?.value ?? '';
    const theirs = sessionCookieOf(await signedIn(ATTACKER), bff)?.value ?? '';
    for (const cookie of [
      `${NAME}=${mine}; ${NAME}=${theirs}`,
      `${NAME}=${theirs}; ${NAME}=${mine}`,
      `${NAME}=${mine}; ${NAME}=`,
      `${NAME}=${mine}; a=b; ${NAME}=${mine}`,
    ]) {
      const { status, code } = await viewerOf(createBrowser(), bff, { headers: { cookie } });
      assert.deepEqual([status, code], [401, 'UNAUTHENTICATED'], cookie.slice(0, 40));
    }
  });

  it('does not take a cookie that another host could set: one without the prefix', async () => {
    const value = sessionCookieOf(await signedIn(ATTACKER), bff)?.value ?? '';
    for (const name of ['session', '__Secure-session', '__host-session', 'x__Host-session', '']) {
      const { id } = await viewerOf(createBrowser(), bff, {
        headers: { cookie: `${name}=${value}` },
      });
      assert.equal(id, undefined, name);
    }
  });

  it('does not finish a login with two cookies of it', async () => {
    const browser = createBrowser();
    const url = await begin(browser);
    const { name, value } = transactionOf(browser);
    const cookie = `${name}=${value}; ${name}=x`;
    const response = await createBrowser().request(url.href, { headers: { ...BROWSER, cookie } });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('location'), null);
  });

  it('does not take a login for a session, or a session for a login', async () => {
    const browser = createBrowser();
    const url = await begin(browser);
    const { name, value } = transactionOf(browser);
    const { status } = await viewerOf(createBrowser(), bff, {
      headers: { cookie: `${NAME}=${value}` },
    });
    assert.equal(status, 401);
    const session = sessionCookieOf(await signedIn(ATTACKER), bff)?.value ?? '';
    const thief = createBrowser();
    thief.setCookie(bff.url, `${name}=${session}; Path=/`);
    await assertRefused(await open(thief, url), thief);
  });
});

describe('A session cookie', () => {
  it('is refused if it is oversized, or in an oversized header', async () => {
    const value = sessionCookieOf(await signedIn(), bff)?.value ?? '';
    for (const cookie of [
      `${NAME}=${value}${'x'.repeat(4_001 - value.length)}`,
      `${NAME}=${value}; filler=${'x'.repeat(8_192)}`,
    ]) {
      const { status, code } = await viewerOf(createBrowser(), bff, { headers: { cookie } });
      assert.deepEqual([status, code], [401, 'UNAUTHENTICATED']);
    }
  });

  it('is not put together from pieces', async () => {
    const value = sessionCookieOf(await signedIn(), bff)?.value ?? '';
    const [head, tail] = [value.slice(0, 600), value.slice(600)];
    const cookie = `${NAME}.0=${head}; ${NAME}.1=${tail}`;
    assert.equal((await viewerOf(createBrowser(), bff, { headers: { cookie } })).id, undefined);
    const mixed = `${NAME}=${head}; ${NAME}.1=${tail}`;
    assert.equal(
      (await viewerOf(createBrowser(), bff, { headers: { cookie: mixed } })).status,
      401,
    );
  });

  it('is not set if it would not fit into a browser', async () => {
    provider.behave({ response: { refresh_token: 'r'.repeat(3_500) } });
    const browser = createBrowser();
    const response = await open(browser, await begin(browser));
    assert.equal(response.status, 500);
    assert.match(await response.text(), /does not fit into a cookie.*REDIS_URL/);
    assert.equal(sessionCookieOf(browser, bff), undefined);
  });

  it('is refused by a BFF with another client or origin, which shares the secret', async () => {
    const cookie = `${NAME}=${sessionCookieOf(await signedIn(), bff)?.value}`;
    const send = ({ url }: { url: string }) =>
      viewerOf(createBrowser(), { url }, { headers: { cookie } });
    assert.equal((await send(bff)).id, VICTIM);
    for (const env of [
      { LOGIN_CLIENT_ID: 'another-client' },
      { PUBLIC_URL: 'https://other.example' },
    ]) {
      await using other = await startLoginAt(provider, env);
      assert.equal((await send(other)).status, 401, JSON.stringify(env));
    }
  });

  it('is refused if any of its parts was changed, or another secret has sealed it', async () => {
    const value = sessionCookieOf(await signedIn(), bff)?.value ?? '';
    const parts = value.split('.');
    const changed = parts.map((part, index) =>
      parts.with(index, part.startsWith('A') ? `B${part.slice(1)}` : `A${part.slice(1)}`).join('.'),
    );
    const token = await issueToken({ userId: VICTIM });
    for (const forged of [
      ...changed,
      await sealSession(token, {}, { secret: 'another secret, with at least 32 characters' }),
      `${encoded({ alg: 'none' })}.${encoded({ value: { accessToken: token } })}.`,
      token,
      'null',
      '',
    ]) {
      const headers = { cookie: `${NAME}=${forged}` };
      const { status, headers: sent } = await viewerOf(createBrowser(), bff, { headers });
      assert.equal(status, 401, forged.slice(0, 30));
      assert.deepEqual(sent.getSetCookie(), [
        `${NAME}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0`,
      ]);
    }
  });
});

describe('Session fixation', () => {
  it('is of no use: a login replaces the session that the browser had, and ends it', async () => {
    const planted = sessionCookieOf(await signedIn(ATTACKER), bff)?.text ?? '';
    const victim = createBrowser();
    victim.setCookie(bff.url, planted);
    assert.equal((await viewerOf(victim, bff)).id, ATTACKER);
    await open(victim, await begin(victim));
    assert.equal((await viewerOf(victim, bff)).id, VICTIM);
    assert.notEqual(
      sessionCookieOf(victim, bff)?.value,
      planted.slice(NAME.length + 1).split(';')[0],
    );
    const attacker = createBrowser();
    attacker.setCookie(bff.url, planted);
    assert.equal((await viewerOf(attacker, bff)).status, 401);
  });

  it('ends the session that the browser had at the start, whose cookie the callback lacks', async () => {
    const browser = await signedIn();
    const old = sessionCookieOf(browser, bff)?.text ?? '';
    const url = await begin(browser);
    const callback = createBrowser();
    for (const { name, text } of browser.cookiesFor(bff.url)) {
      if (name !== NAME) callback.setCookie(bff.url, text);
    }
    assert.equal((await open(callback, url)).status, 303);
    const before = createBrowser();
    before.setCookie(bff.url, old);
    assert.equal((await viewerOf(before, bff)).status, 401);
  });

  it('ends the session of another user at the provider too, by its refresh token', async () => {
    for (const isSent of [true, false]) {
      const browser = await signedIn(ATTACKER);
      const cookie = sessionCookieOf(browser, bff)?.value ?? '';
      const url = await begin(browser);
      const callback = createBrowser();
      for (const { name, text } of browser.cookiesFor(bff.url)) {
        if (isSent || name !== NAME) callback.setCookie(bff.url, text);
      }
      assert.equal((await open(callback, url)).status, 303);
      const session = await openSession(cookie);
      assert.ok(session?.refreshToken);
      const revoked = provider.requestsOf('/revoke').map((form) => form.get('token'));
      assert.ok(revoked.includes(session.refreshToken), `sent with the callback: ${isSent}`);
    }
  });
});

describe('Login CSRF', () => {
  it('does not sign a browser in that has not started the login', async () => {
    const url = await begin(createBrowser(), ATTACKER);
    const victim = createBrowser();
    await assertRefused(await open(victim, url), victim, 'without a login');
    const other = await begin(victim);
    await assertRefused(await open(victim, url), victim, 'with a login of its own');
    assert.equal((await open(victim, other)).status, 303, 'which can still be finished');
    assert.equal((await viewerOf(victim, bff)).id, VICTIM);
  });

  it('does not sign a browser out that has a session, or in as somebody else', async () => {
    const victim = await signedIn();
    const url = await begin(createBrowser(), ATTACKER);
    assert.equal((await open(victim, url)).status, 400);
    assert.equal((await viewerOf(victim, bff)).id, VICTIM);
  });

  it('does not fill a browser with logins: the oldest of five is forgotten', async () => {
    const browser = createBrowser();
    const urls: URL[] = [];
    for (let n = 0; n < 8; n++) urls.push(await begin(browser));
    assert.equal(browser.cookiesFor(bff.url).length, 4);
    assert.equal((await open(browser, urls[3] ?? '')).status, 400);
    assert.equal((await open(browser, urls[4] ?? '')).status, 303);
  });
});

describe('Logout CSRF', () => {
  it('does not end a session from another site, or without the header', async () => {
    const victim = await signedIn();
    const post = (headers: Record<string, string>) =>
      victim.request(`${bff.url}/auth/logout`, { method: 'POST', headers });
    for (const headers of [
      {},
      { 'content-type': 'application/x-www-form-urlencoded' },
      { ...CSRF_HEADER, 'sec-fetch-site': 'cross-site', origin: EVIL },
      { ...CSRF_HEADER, 'sec-fetch-site': 'same-site', origin: 'https://blog.shop.example' },
    ] as Record<string, string>[]) {
      const response = await post(headers);
      assert.ok([403, 415].includes(response.status), String(response.status));
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
    assert.equal((await victim.request(`${bff.url}/auth/logout`)).status, 404);
    assert.equal((await viewerOf(victim, bff)).id, VICTIM);
  });

  it('does not show another site who is signed in', async () => {
    const victim = await signedIn();
    const response = await victim.request(`${bff.url}/auth/session`);
    assert.equal(response.status, 403);
    assert.doesNotMatch(await response.text(), new RegExp(`"${VICTIM}"`));
  });
});

describe('A forged logout token', () => {
  const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const now = () => Math.floor(Date.now() / 1_000);
  const claims = (changed: object = {}) => ({
    iss: provider.issuer,
    aud: LOGIN.LOGIN_CLIENT_ID,
    sub: VICTIM,
    sid: `sid-of-${VICTIM}`,
    iat: now(),
    exp: now() + 60,
    jti: crypto.randomUUID(),
    events: EVENTS,
    ...changed,
  });
  const send = (token: string | undefined, type = 'application/x-www-form-urlencoded') =>
    fetch(`${bff.url}/auth/backchannel-logout`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: token === undefined ? '' : new URLSearchParams({ logout_token: token }).toString(),
    });
  const logoutType = { typ: 'logout+jwt' };

  it('is refused, and the session goes on', async () => {
    const victim = await signedIn();
    const stranger = await generateKeyPair('ES256');
    const secret = new TextEncoder().encode(LOGIN.LOGIN_CLIENT_SECRET);
    const publicKey = new TextEncoder().encode(JSON.stringify(provider.publicKey));
    const hmac = (key: Uint8Array) =>
      new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'provider' }).sign(key);
    const forged: Record<string, string | undefined> = {
      'no token': undefined,
      'an empty token': '',
      'no signature': `${encoded({ alg: 'none' })}.${encoded(claims())}.`,
      'the signature of another key': await new SignJWT(claims())
        .setProtectedHeader({ alg: 'ES256', kid: 'provider' })
        .sign(stranger.privateKey),
      'a key of its own': await new SignJWT(claims())
        .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(stranger.publicKey) })
        .sign(stranger.privateKey),
      'the secret of the client': await hmac(secret),
      'the public key as a secret': await hmac(publicKey),
      'another audience': await provider.sign(claims({ aud: 'another-client' }), logoutType),
      'no audience': await provider.sign(claims({ aud: undefined }), logoutType),
      'another issuer': await provider.sign(claims({ iss: EVIL }), logoutType),
      'a nonce': await provider.sign(claims({ nonce: 'n' }), logoutType),
      'an ID token': await provider.sign(provider.idTokenClaims(VICTIM, 'n')),
      'an ID token without a nonce': await provider.sign(provider.idTokenClaims(VICTIM)),
      'an access token': await issueToken({ userId: VICTIM }),
      'the type of an access token': await provider.sign(claims(), { typ: 'at+jwt' }),
      'no event': await provider.sign(claims({ events: {} }), logoutType),
      'an event that is no object': await provider.sign(
        claims({ events: { 'http://schemas.openid.net/event/backchannel-logout': true } }),
        logoutType,
      ),
      'nobody to log out': await provider.sign(
        claims({ sub: undefined, sid: undefined }),
        logoutType,
      ),
      'no id': await provider.sign(claims({ jti: undefined }), logoutType),
      'an empty id': await provider.sign(claims({ jti: '' }), logoutType),
      'an id that is no text': await provider.sign(claims({ jti: 1 }), logoutType),
      'no expiry': await provider.sign(claims({ exp: undefined }), logoutType),
      'an expiry in the past': await provider.sign(claims({ exp: now() - 60 }), logoutType),
      'an old date': await provider.sign(claims({ iat: now() - 3_600 }), logoutType),
      'a date in the future': await provider.sign(claims({ iat: now() + 3_600 }), logoutType),
    };
    for (const [what, token] of Object.entries(forged)) {
      const response = await send(token);
      assert.equal(response.status, 400, `${what}: ${await response.text()}`);
      assert.equal(response.headers.get('cache-control'), 'no-store', what);
    }
    const valid = await provider.sign(claims(), logoutType);
    for (const type of ['application/json', 'text/plain']) {
      assert.ok([400, 415].includes((await send(valid, type)).status), type);
    }
    assert.equal((await viewerOf(victim, bff)).id, VICTIM);
  });

  it('is told from a real one, which ends the session and can be sent once', async () => {
    const victim = await signedIn();
    const bystander = await signedIn(ATTACKER);
    const token = await provider.sign(claims(), logoutType);
    assert.equal((await send(token)).status, 200);
    const { status, code } = await viewerOf(victim, bff);
    assert.deepEqual([status, code], [401, 'UNAUTHENTICATED']);
    assert.equal((await viewerOf(bystander, bff)).id, ATTACKER);
    assert.equal((await send(token)).status, 400, 'a replay');
  });

  it('for all sessions of a user ends those, and none that is opened later', async () => {
    const browsers = [await signedIn(), await signedIn()];
    const token = await provider.sign(claims({ sid: undefined }), logoutType);
    assert.equal((await send(token)).status, 200);
    for (const browser of browsers) assert.equal((await viewerOf(browser, bff)).status, 401);
    assert.deepEqual((await sessionOf(await signedIn(), bff)).body.user?.id, VICTIM);
    assert.equal((await send(token)).status, 400, 'a replay');
  });
});

const encoded = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');
