import assert from 'node:assert/strict';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  Configuration,
  calculatePKCECodeChallenge,
  randomPKCECodeVerifier,
  refreshTokenGrant,
  type ServerMetadata,
  tokenRevocation,
} from 'openid-client';
import { CLIENT_ID } from '../../services/identity/client.ts';
import { createIdentityProvider } from '../../services/identity/service.ts';
import { type Browser, createBrowser, type Page } from './browser.ts';

export interface IdentityOptions {
  /** The origin of the web BFF; the default accepts every port of 127.0.0.1. */
  readonly clientUrl?: string;
  readonly accessTokenSeconds?: number;
  readonly refreshTokenSeconds?: number;
  /** The port, for a provider that is started again (default: a free one). */
  readonly port?: number;
}

export type Identity = Awaited<ReturnType<typeof startIdentity>>;

export const CLIENT_SECRET = 'the secret of the web BFF in tests';
/** Where nothing listens: codes of `authorize` are read from the redirect. */
const CALLBACK = 'http://127.0.0.1:9/auth/callback';

/**
 * Starts the demo's identity provider in this process; `await using` closes it. Its client accepts
 * redirects to every port of 127.0.0.1.
 */
export async function startIdentity({ port = 0, ...options }: IdentityOptions = {}) {
  const app = await createIdentityProvider({
    clientUrl: 'http://127.0.0.1',
    clientSecret: CLIENT_SECRET,
    ...options,
  });
  let tokenRequests = 0;
  app.addHook('onRequest', async (request) => {
    if (request.url === '/token') tokenRequests++;
  });
  const url = await app.listen({ port, host: '127.0.0.1' });
  const discoveryUrl = `${url}/.well-known/openid-configuration`;

  /** A confidential client of this provider, as the web BFF is. */
  async function createClient(): Promise<Configuration> {
    const response = await fetch(discoveryUrl);
    const metadata = (await response.json()) as ServerMetadata;
    const client = new Configuration(
      metadata,
      CLIENT_ID,
      undefined,
      ClientSecretBasic(CLIENT_SECRET),
    );
    allowInsecureRequests(client);
    return client;
  }

  /** Logs a user in without a BFF and returns the tokens. */
  async function issueTokens(userId: string, browser: Browser = createBrowser()) {
    const client = await createClient();
    const verifier = randomPKCECodeVerifier();
    const start = buildAuthorizationUrl(client, {
      redirect_uri: CALLBACK,
      scope: 'openid offline_access',
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const page = await logIn(browser, start.href, userId, { stopAt: CALLBACK });
    const tokens = await authorizationCodeGrant(client, new URL(page.url), {
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    return { ...tokens, claims: tokens.claims() };
  }

  return {
    url,
    discoveryUrl,
    createClient,
    issueTokens,
    /** The number of requests to the token endpoint so far. */
    tokenRequests: () => tokenRequests,
    /** Uses a refresh token, as a client or a thief does; rejects if the provider refuses it. */
    rotate: async (refreshToken: string) => refreshTokenGrant(await createClient(), refreshToken),
    revoke: async (refreshToken: string) => tokenRevocation(await createClient(), refreshToken),
    close: () => app.close(),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/**
 * Opens a URL that leads to the login page, and chooses a user there.
 * @returns the page after the login, or the redirect to `stopAt`
 */
export async function logIn(
  browser: Browser,
  startUrl: string,
  userId: string,
  options: { stopAt?: string } = {},
): Promise<Page> {
  const loginPage = await browser.open(startUrl, options);
  const [, action] = new RegExp(`action="([^"]+/${userId})"`).exec(loginPage.body) ?? [];
  assert.ok(action, `${loginPage.status} ${loginPage.url}: no login page\n${loginPage.body}`);
  return browser.open(new URL(action, loginPage.url).href, { method: 'POST', ...options });
}

/** Logs out at the provider, on its page for that. */
export async function logOutAtProvider(browser: Browser, logoutUrl: string): Promise<Page> {
  const page = await browser.open(logoutUrl);
  const [, action] = /action="([^"]+)"/.exec(page.body) ?? [];
  const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(page.body) ?? [];
  assert.ok(action && xsrf, `${page.status} ${page.url}: no logout page\n${page.body}`);
  return browser.open(action, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ xsrf, logout: 'yes' }).toString(),
  });
}
