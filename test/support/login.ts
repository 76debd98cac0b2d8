import type { BffDefinition } from '../../src/bff.ts';
import type { UpstreamTable } from '../../src/datasources/upstreams.ts';
import { freePort } from '../../tools/free-port.ts';
import { type Browser, createBrowser, type RequestOptions } from './browser.ts';
import { startEnvironment } from './environment.ts';
import { library } from './fixture/bff.ts';
import { CLIENT_SECRET, type IdentityOptions, logIn, startIdentity } from './identity.ts';
import type { OpenIdProvider } from './openid-provider.ts';

/** The header that pages send with a session. */
export const CSRF_HEADER = { 'x-csrf-protection': '1' };

/** Starts an identity provider, and the library BFF with its login. */
export const startLogin = (
  env: NodeJS.ProcessEnv = {},
  options: Omit<IdentityOptions, 'clientUrl'> = {},
) => startLoginTo(library, env, options);

/** Starts an identity provider, and a BFF with its login. */
export async function startLoginTo<U extends UpstreamTable>(
  bff: BffDefinition<U>,
  env: NodeJS.ProcessEnv = {},
  options: Omit<IdentityOptions, 'clientUrl'> = {},
) {
  await using started = new AsyncDisposableStack();
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const identity = started.use(await startIdentity({ ...options, clientUrl: publicUrl }));
  const environment = started.use(
    await startEnvironment(bff, {
      [`${bff.name.toUpperCase()}_PORT`]: String(port),
      PUBLIC_URL: publicUrl,
      LOGIN_DISCOVERY_URL: identity.discoveryUrl,
      LOGIN_CLIENT_SECRET: CLIENT_SECRET,
      LOGIN_RETURN_PATHS: '/,/loans/*',
      ...env,
    }),
  );
  const rest = started.move();
  return {
    identity,
    environment,
    url: publicUrl,
    loginUrl: `${publicUrl}/auth/login`,
    callbackUrl: `${publicUrl}/auth/callback`,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

export type Login = Awaited<ReturnType<typeof startLogin>>;
type LoginAddress = Pick<Login, 'url' | 'loginUrl'>;

/** Logs a user in. @returns the browser, which has the session's cookie then */
export async function loggedIn({ loginUrl }: LoginAddress, userId: string): Promise<Browser> {
  const browser = createBrowser();
  await logIn(browser, loginUrl, userId);
  return browser;
}

/** The session of a browser, as its page sees it. */
export async function sessionOf(browser: Browser, { url }: Pick<Login, 'url'>) {
  const response = await browser.request(`${url}/auth/session`, { headers: CSRF_HEADER });
  const body = (await response.json()) as { user?: { id: string; role: string } | null };
  return { status: response.status, headers: response.headers, body };
}

/** Asks for the id of the viewer. */
export async function viewerOf(
  browser: Browser,
  { url }: Pick<Login, 'url'>,
  { headers = {} }: RequestOptions = {},
) {
  const response = await browser.request(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...CSRF_HEADER, ...headers },
    body: JSON.stringify({ query: '{ viewer { id } }' }),
  });
  const { data, errors } = (await response.json()) as {
    data?: { viewer: { id: string } | null };
    errors?: { message: string; extensions: { code: string } }[];
  };
  return {
    status: response.status,
    headers: response.headers,
    id: data?.viewer?.id,
    code: errors?.[0]?.extensions.code,
  };
}

export const sessionCookieOf = (browser: Browser, { url }: Pick<Login, 'url'>) =>
  browser.cookiesFor(url).find(({ name }) => name === '__Host-session');

/** Starts a BFF whose provider does what a test says. */
export async function startLoginAt(provider: OpenIdProvider, env: NodeJS.ProcessEnv = {}) {
  const environment = await startEnvironment(library, {
    LOGIN_DISCOVERY_URL: provider.discoveryUrl,
    LOGIN_RETURN_PATHS: '/,/loans/*',
    ...env,
  });
  const { url } = environment;
  return {
    environment,
    url,
    loginUrl: `${url}/auth/login`,
    callbackUrl: `${url}/auth/callback`,
    [Symbol.asyncDispose]: () => environment[Symbol.asyncDispose](),
  };
}

/** Begins a login in a browser, and signs a user in at the provider. @returns the URL of the callback */
export async function beginLogin(
  browser: Browser,
  { loginUrl, callbackUrl }: Pick<Login, 'loginUrl' | 'callbackUrl'>,
  provider: OpenIdProvider,
  userId: string,
): Promise<URL> {
  const response = await browser.request(loginUrl);
  const url = new URL(callbackUrl);
  url.search = provider.signIn(response.headers.get('location') ?? '', userId).toString();
  return url;
}
