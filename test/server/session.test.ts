import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { createCredentialReader } from '../../src/auth/credentials.ts';
import { createApp } from '../../src/http/create-app.ts';
import { addSession } from '../../src/server/session.ts';
import { createRateLimiter } from '../../src/traffic/index.ts';
import { startEndpoint } from '../auth/endpoint.ts';
import { type Issuer, inSeconds, startIssuer } from '../auth/issuer.ts';
import { authorization } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';

const PAGE = 'https://shop.example';
const PROOF = { 'x-csrf-protection': '1' };
const COOKIE =
  /^__Host-session=([\w.-]+); Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=(\d+)$/;
const CLEARED = '__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0';

const rateLimiter = createRateLimiter({ limits: { address: 0, viewer: 0 } });

suite('A session', () => {
  let issuer: Issuer;
  let introspection: Awaited<ReturnType<typeof startEndpoint>>;
  let app: FastifyInstance;
  let url: string;
  let reader: ReturnType<typeof createCredentialReader>;
  before(async () => {
    issuer = await startIssuer();
    introspection = await startEndpoint((response) => {
      response.end(JSON.stringify({ active: true, sub: '42', role: 'customer' }));
    });
    app = createApp({ log: pino({ level: 'silent' }), notFoundMessage: 'There is nothing here.' });
    const corsOrigins = [PAGE];
    reader = createCredentialReader({
      issuers: [issuer.config],
      introspection: { url: introspection.url, clientId: 'c', clientSecret: 's' },
      credentials: ['cookie'],
      corsOrigins,
      isDevelopment: false,
      log: app.log,
    });
    addSession(app, { readViewer: reader.readViewer, rateLimiter, corsOrigins });
    // Reads the viewer, like every other route.
    app.get('/me', async ({ headers }) => reader.readViewer(headers));
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  after(async () => {
    await app.close();
    await issuer[Symbol.asyncDispose]();
    await introspection[Symbol.asyncDispose]();
  });

  const send = (method: string, headers: Record<string, string>, path = '/session') =>
    fetch(url + path, { method, headers });
  const bearer = async (changed: Record<string, unknown> = {}) => ({
    authorization: `Bearer ${await issuer.sign(changed)}`,
  });

  async function assertRefused(response: Response, status: number, code: string, what = '') {
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    assert.deepEqual(
      { status: response.status, code: errors[0]?.extensions.code },
      { status, code },
      what,
    );
    assert.equal(response.headers.get('set-cookie'), null, what);
    assert.equal(response.headers.get('cache-control'), 'no-store', what);
  }

  test('is opened with a bearer token and expires with it', async () => {
    const headers = await bearer({ exp: inSeconds(600) });
    const response = await send('POST', { ...headers, ...PROOF });
    assert.equal(response.status, 204);
    assert.equal(await response.text(), '');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const [, token, maxAge] = COOKIE.exec(response.headers.get('set-cookie') ?? '') ?? [];
    assert.equal(`Bearer ${token}`, headers.authorization);
    assert.ok(Number(maxAge) <= 600 && Number(maxAge) > 500, `${maxAge} s`);

    const me = await send('GET', { cookie: `__Host-session=${token}`, ...PROOF }, '/me');
    assert.equal(((await me.json()) as { id: string }).id, '42');
    const forged = await send('GET', { cookie: `__Host-session=${token}` }, '/me');
    await assertRefused(forged, 403, 'FORBIDDEN');
  });

  test('expires after at most 400 days, the limit of browsers', async () => {
    const response = await send('POST', { ...(await bearer({ exp: 1e300 })), ...PROOF });
    const [, , maxAge] = COOKIE.exec(response.headers.get('set-cookie') ?? '') ?? [];
    assert.equal(maxAge, String(400 * 86_400));
  });

  test('is opened only with a valid token in the Authorization header', async () => {
    const good = await issuer.sign();
    const cookie = `__Host-session=${good}`;
    const wrong: Record<string, Record<string, string>> = {
      nothing: {},
      'another session': { cookie },
      'a key': { 'x-api-key': good },
      'a token and a key': { authorization: `Bearer ${good}`, 'x-api-key': 'x' },
      'another scheme': { authorization: `Basic ${good}` },
      'an opaque token': { authorization: 'Bearer opaque' },
      'an expired token': await bearer({ exp: inSeconds(-60) }),
      'a token that has just expired': await bearer({ exp: inSeconds(-1) }),
      'a token of another issuer': await bearer({ iss: 'https://evil.example' }),
      'a changed token': { authorization: `Bearer ${good.slice(0, -8)}AAAAAAAA` },
    };
    for (const [what, headers] of Object.entries(wrong)) {
      await assertRefused(
        await send('POST', { ...headers, ...PROOF }),
        401,
        'UNAUTHENTICATED',
        what,
      );
    }
    const body = { method: 'POST', body: JSON.stringify({ token: good }) };
    const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded'];
    for (const type of types) {
      const headers = { 'content-type': type, ...PROOF };
      const response = await fetch(`${url}/session?token=${good}`, { ...body, headers });
      assert.ok([401, 415].includes(response.status), type);
      assert.equal(response.headers.get('set-cookie'), null);
    }
  });

  test('replaces an expired session', async () => {
    const cookie = `__Host-session=${await issuer.sign({ exp: inSeconds(-60) })}`;
    await assertRefused(await send('GET', { cookie, ...PROOF }, '/me'), 401, 'UNAUTHENTICATED');
    const response = await send('POST', { ...(await bearer()), cookie, ...PROOF });
    assert.equal(response.status, 204);
  });

  test('is not opened with a token that is too large for a cookie', async () => {
    const headers = await bearer({ more: 'x'.repeat(3_000) });
    await assertRefused(await send('POST', { ...headers, ...PROOF }), 400, 'BAD_REQUEST');
  });

  test('is ended regardless of the cookie', async () => {
    const good = await issuer.sign();
    const sessions = [good, await issuer.sign({ exp: inSeconds(-60) }), 'x', '', `${good}; a`];
    for (const session of sessions) {
      const response = await send('DELETE', { cookie: `__Host-session=${session}`, ...PROOF });
      assert.equal(response.status, 204);
      assert.equal(response.headers.get('set-cookie'), CLEARED);
      assert.equal(response.headers.get('cache-control'), 'no-store');
    }
    assert.equal((await send('DELETE', PROOF)).status, 204, 'without a cookie');
  });

  test('is not opened or ended by a page of another origin', async () => {
    const token = await bearer();
    const elsewhere = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    for (const method of ['POST', 'DELETE']) {
      for (const headers of [{}, { ...PROOF, ...elsewhere }]) {
        const response = await send(method, { ...token, ...headers } as Record<string, string>);
        await assertRefused(response, 403, 'FORBIDDEN', method);
      }
      const ours = { ...token, ...PROOF, 'sec-fetch-site': 'cross-site', origin: PAGE };
      assert.equal((await send(method, ours)).status, 204);
    }
  });

  test('is not opened while the token cannot be verified', async () => {
    await using down = await startIssuer();
    down.setDown(true);
    const other = createApp({
      log: pino({ level: 'silent' }),
      notFoundMessage: 'There is nothing here.',
    });
    const options = {
      credentials: ['cookie'] as const,
      corsOrigins: [],
      isDevelopment: false,
      log: other.log,
    };
    const { readViewer } = createCredentialReader({ issuers: [down.config], ...options });
    addSession(other, { readViewer, rateLimiter, corsOrigins: [] });
    const headers = { authorization: `Bearer ${await down.sign()}`, ...PROOF };
    const { statusCode, headers: sent } = await other.inject({
      method: 'POST',
      url: '/session',
      headers,
    });
    assert.equal(statusCode, 503);
    assert.equal(sent['set-cookie'], undefined);
    await other.close();
  });
});

suite('POST /session', () => {
  const open = async ({ url }: LibraryEnvironment, person: string) => {
    const headers = { ...PROOF, ...(await authorization(person)) };
    const response = await fetch(`${url}/session`, { method: 'POST', headers });
    return { response, text: await response.text() };
  };

  test('charges the viewer and the address one unit and returns the remaining units', async () => {
    const limits = { RATE_LIMIT_VIEWER: '100', RATE_LIMIT_ADDRESS: '1000' };
    await using environment = await startLibrary(limits);
    for (const [address, viewer] of [
      [999, 99],
      [998, 98],
    ]) {
      const { response } = await open(environment, CAST.reader);
      assert.equal(response.status, 204);
      const remaining = response.headers.get('ratelimit') ?? '';
      assert.match(
        remaining,
        new RegExp(`^"address";r=${address};t=\\d+, "viewer";r=${viewer};t=\\d+$`),
      );
    }
  });

  test('is refused when the rate limit of the viewer is exhausted by queries or sessions', async () => {
    await using environment = await startLibrary({ RATE_LIMIT_VIEWER: '3' });
    for (let n = 0; n < 3; n++) await environment.send('{ __typename }', { as: CAST.reader });
    for (let n = 0; n < 3; n++) {
      assert.equal((await open(environment, CAST.otherReader)).response.status, 204);
    }
    for (const person of [CAST.reader, CAST.otherReader]) {
      const { response, text } = await open(environment, person);
      assert.equal(response.status, 429);
      assert.equal(JSON.parse(text).errors[0].extensions.code, 'RATE_LIMITED');
      assert.equal(response.headers.get('set-cookie'), null);
      assert.match(response.headers.get('retry-after') ?? '', /^\d+$/);
      assert.match(response.headers.get('ratelimit') ?? '', /^"viewer";r=0;t=\d+$/);
    }
    const queried = await environment.send('{ __typename }', { as: CAST.otherReader });
    assert.equal(queried.status, 429, 'queries share the rate limit');
  });
});

suite('DELETE /session', () => {
  test('charges the address one unit and is refused when the address is exhausted', async () => {
    await using environment = await startLibrary({ RATE_LIMIT_ADDRESS: '2' });
    const end = () => fetch(`${environment.url}/session`, { method: 'DELETE', headers: PROOF });
    for (const remaining of [1, 0]) {
      const response = await end();
      assert.equal(response.status, 204);
      assert.match(
        response.headers.get('ratelimit') ?? '',
        new RegExp(`^"address";r=${remaining};t=\\d+$`),
      );
    }
    assert.equal((await end()).status, 429);
  });
});
