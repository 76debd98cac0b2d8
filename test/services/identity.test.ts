import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { CLIENT_ID } from '../../services/identity/client.ts';
import { CAST } from '../../services/support/cast.ts';
import { publicKeySet } from '../../services/support/tokens.ts';
import { createBrowser } from '../support/browser.ts';
import { type Identity, logIn, logOutAtProvider, startIdentity } from '../support/identity.ts';

const ISSUER = 'https://demo.frontdesk.example';

const refused = (code: string) => (error: { error?: string }) => {
  assert.equal(error.error, code);
  return true;
};

describe("The demo's identity provider", () => {
  let identity: Identity;
  before(async () => {
    identity = await startIdentity({ accessTokenSeconds: 7 });
  });
  after(() => identity.close());

  const authorizationUrl = (parameters: Record<string, string> = {}) =>
    `${identity.url}/auth?${new URLSearchParams({
      client_id: CLIENT_ID,
      redirect_uri: 'http://127.0.0.1:4000/auth/callback',
      response_type: 'code',
      scope: 'openid offline_access',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...parameters,
    })}`;

  it('describes itself as the issuer of the demo, with endpoints at its own address', async () => {
    const metadata = await readJson(await fetch(identity.discoveryUrl));
    assert.equal(metadata.issuer, ISSUER);
    for (const name of ['authorization', 'token', 'revocation', 'end_session']) {
      assert.ok(metadata[`${name}_endpoint`].startsWith(`${identity.url}/`), name);
    }
    assert.equal(metadata.backchannel_logout_supported, true);
    assert.equal(metadata.authorization_response_iss_parameter_supported, true);
    assert.deepEqual(metadata.code_challenge_methods_supported, ['S256']);
  });

  it('publishes the public part of the key of the demo', async () => {
    const { keys } = await readJson(await fetch(`${identity.url}/jwks`));
    assert.deepEqual(keys, publicKeySet().keys);
  });

  it('shows a login page with a button for each user, no script and nothing from elsewhere', async () => {
    const page = await createBrowser().open(authorizationUrl());
    assert.equal(page.status, 200);
    assert.match(page.body, /<button type="submit"><bdi>Amara Okafor<\/bdi>/);
    assert.match(page.body, /<bdi>Ingrid Solberg<\/bdi><small>staff, user 1</);
    assert.match(page.body, /no password/);
    assert.doesNotMatch(page.body, /<script|https?:|@import/);
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  });

  it('redirects to the client with a code and its issuer after the choice of a user', async () => {
    const stopAt = 'http://127.0.0.1:4000/';
    const start = authorizationUrl({ state: 'abc' });
    const page = await logIn(createBrowser(), start, CAST.customer, { stopAt });
    const { searchParams, pathname } = new URL(page.url);
    assert.equal(pathname, '/auth/callback');
    assert.equal(searchParams.get('state'), 'abc');
    assert.equal(searchParams.get('iss'), ISSUER);
    assert.ok(searchParams.get('code'));
  });

  it('shows no login page while its own session lasts, unless the client asks for it', async () => {
    const browser = createBrowser();
    const stopAt = 'http://127.0.0.1:4000/';
    await logIn(browser, authorizationUrl(), CAST.customer, { stopAt });
    const again = await browser.open(authorizationUrl(), { stopAt });
    assert.ok(again.url.startsWith(stopAt));
    const asked = await browser.open(authorizationUrl({ prompt: 'login' }), { stopAt });
    assert.equal(asked.status, 200);
  });

  it('has no other users than those of the page', async () => {
    const browser = createBrowser();
    const page = await browser.open(authorizationUrl());
    const [, action = ''] = /action="([^"]+)\/42"/.exec(page.body) ?? [];
    const response = await browser.request(`${identity.url}${action}/999`, { method: 'POST' });
    assert.equal(response.status, 404);
  });

  for (const [what, parameters] of [
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }],
    ['of an unknown client', { client_id: 'other' }],
    ['with another redirect URI', { redirect_uri: 'https://attacker.example/auth/callback' }],
    ['with another path of the redirect URI', { redirect_uri: 'http://127.0.0.1:4000/other' }],
  ] as const) {
    it(`refuses a request ${what}`, async () => {
      const stopAt = 'http://127.0.0.1:4000/';
      const page = await createBrowser().open(authorizationUrl(parameters), { stopAt });
      assert.ok(page.status === 400 || new URL(page.url).searchParams.has('error'), page.url);
      assert.doesNotMatch(page.url, /code=/);
    });
  }

  for (const [userId, role] of [
    [CAST.customer, 'customer'],
    [CAST.staff, 'staff'],
  ] as const) {
    it(`issues access tokens as the demo does for user ${userId}, a ${role}`, async () => {
      const { access_token, expires_in, claims } = await identity.issueTokens(userId);
      const { payload } = await jwtVerify(
        access_token,
        createRemoteJWKSet(new URL(`${identity.url}/jwks`)),
        { issuer: ISSUER, audience: 'frontdesk', algorithms: ['ES256'] },
      );
      assert.equal(payload.sub, userId);
      assert.equal(payload.role, role);
      assert.equal(payload.scope, undefined);
      assert.equal(Number(payload.exp) - Number(payload.iat), 7);
      assert.equal(expires_in, 7);
      assert.equal(decodeProtectedHeader(access_token).typ, 'at+jwt');
      assert.equal(claims?.sub, userId);
      assert.equal(typeof claims?.sid, 'string');
    });
  }

  it('refuses a code that was used, and revokes the tokens that it gave', async () => {
    const client = await identity.createClient();
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    const stopAt = 'http://127.0.0.1:4000/';
    const page = await logIn(createBrowser(), authorizationUrl(), CAST.customer, { stopAt });
    const redeem = async () =>
      fetch(client.serverMetadata().token_endpoint ?? '', {
        method: 'POST',
        headers: { authorization: `Basic ${basicCredentials()}` },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code: new URL(page.url).searchParams.get('code') ?? '',
          redirect_uri: 'http://127.0.0.1:4000/auth/callback',
          code_verifier: verifier,
        }),
      });
    const first = await redeem();
    assert.equal(first.status, 200);
    const { refresh_token } = await readJson(first);
    assert.equal((await redeem()).status, 400);
    await assert.rejects(identity.rotate(refresh_token), refused('invalid_grant'));
  });

  it('rotates refresh tokens, and revokes all of a login when one is used twice', async () => {
    const { refresh_token: first = '' } = await identity.issueTokens(CAST.customer);
    const { refresh_token: second = '', access_token } = await identity.rotate(first);
    assert.ok(access_token);
    assert.notEqual(first, second);
    await assert.rejects(identity.rotate(first), refused('invalid_grant'));
    await assert.rejects(identity.rotate(second), refused('invalid_grant'));
  });

  it('keeps other logins of the user when a refresh token is used twice', async () => {
    const { refresh_token: stolen = '' } = await identity.issueTokens(CAST.customer);
    const { refresh_token: other = '' } = await identity.issueTokens(CAST.customer);
    await identity.rotate(stolen);
    await assert.rejects(identity.rotate(stolen), refused('invalid_grant'));
    await identity.rotate(other);
  });

  it('refuses a refresh token that was revoked', async () => {
    const { refresh_token = '' } = await identity.issueTokens(CAST.customer);
    await identity.revoke(refresh_token);
    await assert.rejects(identity.rotate(refresh_token), refused('invalid_grant'));
  });
});

describe("A logout at the demo's identity provider", () => {
  it('sends a logout token for the session to the client, and revokes its tokens', async () => {
    await using client = await startClient();
    await using identity = await startIdentity({ clientUrl: client.url });
    const browser = createBrowser();
    const { refresh_token = '', claims } = await identity.issueTokens(CAST.customer, browser);
    const { end_session_endpoint } = (await identity.createClient()).serverMetadata();
    const logout = `${end_session_endpoint}?${new URLSearchParams({
      client_id: CLIENT_ID,
      post_logout_redirect_uri: `${client.url}/`,
    })}`;
    const page = await logOutAtProvider(browser, logout);
    assert.equal(page.url, `${client.url}/`);

    const [{ path, body } = { path: '', body: '' }] = client.posts;
    assert.equal(path, '/auth/backchannel-logout');
    const { payload, protectedHeader } = await jwtVerify(
      new URLSearchParams(body).get('logout_token') ?? '',
      createRemoteJWKSet(new URL(`${identity.url}/jwks`)),
      { issuer: ISSUER, audience: CLIENT_ID },
    );
    assert.equal(protectedHeader.typ, 'logout+jwt');
    assert.deepEqual([payload.sub, payload.sid], [CAST.customer, claims?.sid]);
    assert.deepEqual(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} });
    await assert.rejects(identity.rotate(refresh_token), refused('invalid_grant'));
  });
});

const basicCredentials = () =>
  Buffer.from(`${CLIENT_ID}:${encodeURIComponent('the secret of the web BFF in tests')}`).toString(
    'base64',
  );

// biome-ignore lint/suspicious/noExplicitAny: responses of several shapes
const readJson = (response: Response): Promise<any> => response.json();

/** A client that records what is posted to it, such as logout tokens. */
async function startClient() {
  const posts: { path: string; body: string }[] = [];
  const record = async (request: IncomingMessage) => {
    const body = await text(request);
    if (request.method === 'POST') posts.push({ path: request.url ?? '', body });
  };
  const server: Server = createServer((request, response) => {
    void record(request).then(() => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    posts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
