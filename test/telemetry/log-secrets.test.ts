import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { importJWK, SignJWT } from 'jose';
import { DEMO_KEY } from '../../services/support/demo-key.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER } from '../../services/support/tokens.ts';
import { issueBoundToken } from '../auth/bound-token.ts';
import { startBffProcess } from '../support/bff-process.ts';
import { createBrowser } from '../support/browser.ts';
import { createToken } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { beginLogin } from '../support/login.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts';
import { LOGIN } from '../support/session.ts';
import { until } from '../support/until.ts';
import { startTokenEndpoint } from '../upstream/token-endpoint.ts';

/** Values that must not be in any output, by where they come from. */
const CANARIES = {
  upstreamToken: 'canary-upstream-token-7f3a',
  upstreamClientSecret: 'canary-upstream-client-secret-7f3a',
  exchangedToken: 'canary-exchanged-token-7f3a',
  exchangeError: 'canary-exchange-error-7f3a',
  signingKey: 'canary-signing-key-7f3a-with-at-least-32',
  edgePurgeToken: 'canary-edge-purge-token-7f3a',
  purgeSecret: 'canary-purge-secret-7f3a-with-at-least-32',
  redisPassword: 'canary-redis-password-7f3a',
  otlpHeader: 'canary-otlp-header-7f3a',
  wrongToken: 'canary-wrong-token-7f3a',
  apiKey: 'canary-api-key-7f3a',
  proof: 'canary-dpop-proof-7f3a',
  cookie: 'canary-cookie-7f3a',
  clientSecret: 'canary-client-secret-7f3a',
  sessionSecret: 'canary-session-secret-7f3a-with-at-least-32',
  returnPath: 'canary-return-path-7f3a',
  state: 'canary-state-7f3a',
  code: 'canary-code-7f3a',
  providerError: 'canary-provider-error-7f3a',
  logoutToken: 'canary-logout-token-7f3a',
  header: 'canary-header-7f3a',
  queryString: 'canary-query-7f3a',
  variable: 'canary-variable-7f3a',
  literal: 'canary-literal-7f3a',
  body: 'canary-body-7f3a',
  personalName: 'canary-name-7f3a',
};

const RENAME = 'mutation R($name: String!) { renameMember(name: $name) { member { name } } }';
const BORROW = 'mutation M($input: BorrowInput!) { borrow(input: $input) { loan { id } } }';

describe('The output of a process', () => {
  it('has none of the secrets and personal data of a busy run, at any log level', async () => {
    await using provider = await startOpenIdProvider();
    await using exchange = await startTokenEndpoint();
    exchange.respondWith(sendJson({ access_token: CANARIES.exchangedToken, token_type: 'Bearer' }));
    await using bff = await startBffProcess(library, {
      shell: 'exec 2>&1',
      env: {
        LOG_LEVEL: 'trace',
        ...exchange.env,
        UPSTREAM_TOKEN: CANARIES.upstreamToken,
        UPSTREAM_CLIENT_SECRET: CANARIES.upstreamClientSecret,
        LENDING_SERVICE_CREDENTIALS: 'token-exchange',
        VIEWER_SIGNING_KEY: CANARIES.signingKey,
        PURGE_SECRET: CANARIES.purgeSecret,
        EDGE_PURGE_URL: 'http://127.0.0.1:1',
        EDGE_PURGE_TOKEN: CANARIES.edgePurgeToken,
        REDIS_URL: `redis://user:${CANARIES.redisPassword}@127.0.0.1:1`,
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=${CANARIES.otlpHeader}`,
        OTEL_TRACES_SAMPLER: 'always_on',
      },
    });
    await using web = await startBffProcess(library, {
      shell: 'exec 2>&1',
      env: {
        ...LOGIN,
        LOG_LEVEL: 'trace',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
        OTEL_TRACES_SAMPLER: 'always_on',
        LOGIN_DISCOVERY_URL: provider.discoveryUrl,
        LOGIN_CLIENT_SECRET: CANARIES.clientSecret,
        SESSION_SECRET: CANARIES.sessionSecret,
      },
    });
    const ofLogin = await logInAndOut(web, provider);
    const token = await createToken(CAST.reader);
    const post = async (body: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(bff.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return response.text();
    };
    const mine = { authorization: `Bearer ${token}` };
    const card = { query: '{ home { member { name } loans { title } } }' };
    const { member, lending } = bff.services;

    await post(card, mine);
    await post(card, { authorization: `Bearer ${CANARIES.wrongToken}` });
    await post(card, { authorization: `Bearer ${token.slice(0, -8)}${CANARIES.wrongToken}` });
    await post(card, { 'x-api-key': CANARIES.apiKey, 'x-unknown': CANARIES.header });
    const bound = await issueBoundToken({ jkt: 'a'.repeat(43) });
    await post(card, { authorization: `DPoP ${bound}`, dpop: CANARIES.proof });
    await post(card, { cookie: `__Host-session=${CANARIES.cookie}` });
    await post({ query: `{ member(id: "${CANARIES.literal}") { name } }` }, mine);
    await post({ query: `{ member(id: ${CANARIES.literal}) { name } }` }, mine);
    const input = { idempotencyKey: CANARIES.variable, title: CANARIES.variable };
    await post({ query: BORROW, variables: { input } }, mine);
    await post({ query: BORROW, variables: { input: CANARIES.variable } }, mine);
    await post({ query: RENAME, variables: { name: CANARIES.personalName } }, mine);
    await post(card, mine);
    await post(`{"query": "${CANARIES.body}`, mine);
    await fetch(`${bff.endpoint}?query={__typename}&token=${CANARIES.queryString}`);
    await fetch(`${bff.url}/none?token=${CANARIES.queryString}`);
    await fetch(`${bff.adminUrl}/purge`, { method: 'POST', body: CANARIES.body });
    for (const fault of [
      { status: 500 },
      { malformed: 'json' },
      { malformed: 'types' },
      { reset: true },
    ] as const) {
      member.control.faults({ '*': fault });
      lending.control.faults({ '*': fault });
      await post(card, mine);
      await post({ query: BORROW, variables: { input } }, mine);
    }
    const error = { error: 'invalid_grant', error_description: CANARIES.exchangeError };
    exchange.respondWith(sendJson(error, 400));
    const otherToken = await createToken(CAST.otherReader);
    await post(card, { authorization: `Bearer ${otherToken}` });
    exchange.respondWith((response) => response.end(CANARIES.exchangeError));
    const lastToken = await createToken('44');
    await post(card, { authorization: `Bearer ${lastToken}` });
    const isBusy = () =>
      bff.logEntries().filter(({ msg }) => msg === 'request completed').length >= 20;
    await until(isBusy);
    bff.kill('SIGTERM');
    await bff.ended();

    web.kill('SIGTERM');
    await web.ended();

    const output = [...bff.lines(), ...web.lines()].join('\n');
    assert.match(output, /login failed/);
    assert.equal(output.match(/token request failed/g)?.length, 2);
    const signature = token.split('.')[2] ?? token;
    const found = Object.entries({
      ...CANARIES,
      ...ofLogin,
      token,
      signature,
      otherToken,
      lastToken,
    })
      .filter(([, canary]) => output.includes(canary))
      .map(([source]) => source);
    assert.deepEqual(found, []);
  });

  it('has no claims of a refused token in development, which only the response quotes', async () => {
    await using bff = await startBffProcess(library, {
      shell: 'exec 2>&1',
      env: { NODE_ENV: 'development', LOG_LEVEL: 'trace' },
    });
    const subject = `${CANARIES.personalName} `;
    const token = await new SignJWT({ role: 'customer' })
      .setProtectedHeader({ alg: 'ES256', kid: DEMO_KEY.kid })
      .setIssuer(DEMO_ISSUER)
      .setAudience(DEMO_AUDIENCE)
      .setSubject(subject)
      .setExpirationTime('10m')
      .sign(await importJWK(DEMO_KEY, 'ES256'));
    const response = await fetch(bff.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ home { member { name } } }' }),
    });
    assert.match(await response.text(), new RegExp(CANARIES.personalName));
    bff.kill('SIGTERM');
    await bff.ended();
    const output = bff.lines().join('\n');
    assert.match(output, /subject is not a user id/);
    assert.doesNotMatch(output, new RegExp(CANARIES.personalName));
  });
});

const sendJson =
  (body: object, status = 200) =>
  (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

/** Logs a user in, in right and wrong ways. @returns the secrets of the login */
async function logInAndOut(
  { url, endpoint }: { readonly url: string; readonly endpoint: string },
  provider: OpenIdProvider,
): Promise<Record<string, string>> {
  const { code, state, providerError } = CANARIES;
  const bff = { loginUrl: `${url}/auth/login`, callbackUrl: `${url}/auth/callback` };
  const browser = createBrowser();
  await browser.request(`${bff.loginUrl}?returnTo=/${CANARIES.returnPath}`);
  await browser.request(`${bff.callbackUrl}?code=${code}&state=${state}`);
  for (const change of [
    { code },
    { iss: `https://${providerError}` },
    { error: providerError, error_description: providerError },
    { state },
  ]) {
    const wrong = await beginLogin(browser, bff, provider, CAST.reader);
    for (const [name, value] of Object.entries(change)) wrong.searchParams.set(name, value);
    await browser.request(wrong.href);
  }
  provider.behave({ idToken: { nonce: providerError } });
  await browser.request((await beginLogin(browser, bff, provider, CAST.reader)).href);
  provider.behave({ response: { access_token: `${CANARIES.wrongToken}.a.b` } });
  await browser.request((await beginLogin(browser, bff, provider, CAST.reader)).href);
  provider.behave({ error: [400, providerError] });
  await browser.request((await beginLogin(browser, bff, provider, CAST.reader)).href);
  provider.behave({});
  const right = await beginLogin(browser, bff, provider, CAST.reader);
  const [transaction] = browser.cookiesFor(url);
  await browser.request(right.href);
  const session = browser.cookiesFor(url).find(({ name }) => name === '__Host-session');
  assert.ok(transaction && session);
  const headers = { 'content-type': 'application/json', 'x-csrf-protection': '1' };
  const body = JSON.stringify({ query: '{ home { member { name } } }' });
  await browser.request(endpoint, { method: 'POST', headers, body });
  await browser.request(`${url}/auth/session`, { headers });
  await browser.request(`${url}/auth/backchannel-logout`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `logout_token=${CANARIES.logoutToken}`,
  });
  const { 'content-type': _type, ...proof } = headers;
  await browser.request(`${url}/auth/logout`, { method: 'POST', headers: proof });
  const [request] = provider.requestsOf('/revoke');
  return {
    transaction: transaction.value,
    session: session.value,
    rightCode: right.searchParams.get('code') ?? '',
    rightState: right.searchParams.get('state') ?? '',
    refreshToken: request?.get('token') ?? assert.fail('no refresh token'),
  };
}
