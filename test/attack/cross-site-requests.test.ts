import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { BffDefinition } from '../../src/bff.ts';
import {
  authorization,
  createToken,
  type Environment,
  startEnvironment,
} from '../support/environment.ts';
import { sessionCookie } from '../support/session.ts';
import { BFFS, USER_ID } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { assertErrorFormat, assertRejection, codesOf } from './responses.ts';
import { samplesOf } from './schema-samples.ts';
import { type GraphqlRequest, hashOnly, urlOf } from './transports.ts';

const LISTED_ORIGIN = 'https://shop.example';
const OTHER_ORIGINS = [
  'https://evil.example',
  'https://shop.example.evil.example',
  'https://evilshop.example',
  'https://shop.example:8443',
  'http://shop.example',
  'https://SHOP.example.',
  'null',
  'https://shop.example, https://evil.example',
  'file://',
];
const QUERY = { query: '{ __typename }' };

/** Content types that a page of another site may send without a preflight (Fetch §2.2.2: simple requests). */
const SIMPLE_TYPES = [
  'text/plain',
  'text/plain; charset=utf-8',
  'text/plain;application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  undefined,
];
/** Headers that tracing libraries add to requests. */
const TRACING_HEADERS = ['traceparent', 'tracestate', 'baggage', 'sentry-trace'];
const SECURITY_HEADERS: Readonly<Record<string, RegExp>> = {
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'content-security-policy': /frame-ancestors 'none'/,
};

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF`, () => {
    const { lookup } = samplesOf(bff);
    const mutation = mutationOf(bff);
    let environment: Environment;
    let headers: Record<string, string>;
    before(async () => {
      environment = await startEnvironment(bff, { CORS_ORIGINS: LISTED_ORIGIN });
      headers = await authorization(USER_ID);
    });
    after(() => environment[Symbol.asyncDispose]());

    it('rejects requests that a browser sends to other sites without a preflight', async () => {
      environment.reset();
      for (const type of SIMPLE_TYPES) {
        for (const request of [QUERY, mutation]) {
          const response = await send({
            method: 'POST',
            url: environment.endpoint,
            headers: {
              ...headers,
              origin: 'https://evil.example',
              ...(type && { 'content-type': type }),
            },
            body: JSON.stringify(request),
          });
          assertRejection(response, String(type));
        }
      }
      assert.deepEqual(environment.calls(), []);
    });

    it('executes no mutation over GET, by text or by hash', async () => {
      await send(jsonPost(environment.endpoint, QUERY, headers));
      environment.reset();
      for (const request of [mutation, hashOnly(mutation), { ...QUERY, ...mutation }]) {
        const url = urlOf(environment.endpoint, request);
        const response = await send({ url, headers });
        assert.ok(response.status >= 200 && response.status < 500, response.text);
        assertErrorFormat(response, JSON.stringify(request));
        const overrides = { 'x-http-method-override': 'POST', 'x-method-override': 'POST' };
        const overridden = await send({
          url: `${url}&_method=POST`,
          headers: { ...headers, ...overrides },
        });
        assertErrorFormat(overridden, 'overridden method');
      }
      assert.deepEqual(environment.calls(), []);
    });

    it('lets no page read responses unless CORS_ORIGINS lists its origin', async () => {
      for (const origin of OTHER_ORIGINS) await assertNotReadable(environment, origin);
    });

    it('lets pages of listed origins read responses, including errors', async () => {
      const origin = LISTED_ORIGIN;
      assertReadable(await send(jsonPost(environment.endpoint, QUERY, { origin })), bff);
      const preflight = await sendPreflight(environment, origin);
      assert.ok(preflight.status === 204 || preflight.status === 200, String(preflight.status));
      assertReadable(preflight, bff);
      assert.match(String(preflight.headers['access-control-allow-methods']), /POST/);
      assert.match(String(preflight.headers['access-control-allow-headers']), /content-type/i);
      assertReadable(await send(jsonPost(environment.endpoint, '{', { origin })), bff);
    });

    it('allows headers of tracing libraries and of CORS_HEADERS to pages of listed origins', async () => {
      await using custom = await startEnvironment(bff, {
        CORS_ORIGINS: LISTED_ORIGIN,
        CORS_HEADERS: 'X-Session-Replay, x-tenant',
      });
      const preflight = await sendPreflight(custom, LISTED_ORIGIN);
      const allowed = String(preflight.headers['access-control-allow-headers']).split(/, */);
      for (const name of [...TRACING_HEADERS, 'x-session-replay', 'x-tenant']) {
        assert.ok(allowed.includes(name), `${name} in ${allowed}`);
      }
    });

    it('lets no page read responses without CORS_ORIGINS', async () => {
      await using closed = await startEnvironment(bff);
      for (const origin of [LISTED_ORIGIN, ...OTHER_ORIGINS]) {
        await assertNotReadable(closed, origin);
      }
    });

    it('sends its security headers with every response', async () => {
      const { url, endpoint } = environment;
      const responses: Record<string, HttpResponse> = {
        data: await send(jsonPost(endpoint, QUERY)),
        'cacheable data': await send({ url: urlOf(endpoint, { query: `{ ${lookup.select()} }` }) }),
        'a syntax error': await send(jsonPost(endpoint, { query: '{' })),
        'invalid JSON': await send(jsonPost(endpoint, '{')),
        'an invalid token': await send(jsonPost(endpoint, QUERY, { authorization: 'Bearer x' })),
        'an unsupported type': await send({
          method: 'POST',
          url: endpoint,
          headers: { 'content-type': 'text/plain' },
          body: '{}',
        }),
        'an unsupported method': await send({ method: 'PUT', url: endpoint }),
        'an unknown path': await send({ url: `${url}/nothing` }),
        'an invalid URL': await send({ url: `${url}/%` }),
        health: await send({ url: `${url}/healthz` }),
        readiness: await send({ url: `${url}/readyz` }),
      };
      for (const [what, { headers }] of Object.entries(responses)) {
        for (const [name, expected] of Object.entries(SECURITY_HEADERS)) {
          assert.match(String(headers[name]), expected, `${what}: ${name}`);
        }
        assert.equal(headers['x-powered-by'], undefined, what);
        assert.equal(headers.server, undefined, what);
      }
    });
  });
}

/** A header that a page can only send after a preflight. */
const CSRF_HEADER = { 'x-csrf-protection': '1' };
const BFFS_WITH_COOKIES = BFFS.filter(({ credentials }) => credentials.includes('cookie'));
const BFFS_WITHOUT_COOKIES = BFFS.filter((bff) => !BFFS_WITH_COOKIES.includes(bff));

for (const bff of BFFS_WITH_COOKIES) {
  describe(`A session cookie of the ${bff.name} BFF`, () => {
    const query = { query: samplesOf(bff).privateQuery };
    const mutation = mutationOf(bff);
    let environment: Environment;
    let cookie: string;
    before(async () => {
      environment = await startEnvironment(bff, { CORS_ORIGINS: LISTED_ORIGIN });
      cookie = await sessionCookie(await createToken('staff'));
    });
    after(() => environment[Symbol.asyncDispose]());

    const isAuthenticated = ({ status, text }: HttpResponse): boolean =>
      status === 200 && codesOf({ text }).length === 0;

    it('authenticates its user, with the header X-CSRF-Protection', async () => {
      const headers = { cookie, origin: LISTED_ORIGIN, ...CSRF_HEADER };
      assert.ok(isAuthenticated(await send(jsonPost(environment.endpoint, query, headers))));
      assert.ok(isAuthenticated(await send({ url: urlOf(environment.endpoint, query), headers })));
    });

    it('is rejected without the header X-CSRF-Protection, over every transport', async () => {
      environment.reset();
      const { endpoint } = environment;
      const requests = [
        jsonPost(endpoint, query, { cookie }),
        jsonPost(endpoint, mutation, { cookie }),
        jsonPost(endpoint, [query], { cookie }),
        jsonPost(endpoint, query, { cookie, origin: 'https://evil.example' }),
        jsonPost(endpoint, mutation, { cookie, 'sec-fetch-site': 'cross-site' }),
        { url: urlOf(endpoint, query), headers: { cookie } },
      ];
      for (const request of requests) {
        const response = await send(request);
        assert.ok(!isAuthenticated(response), response.text);
        assert.ok(response.status >= 400 && response.status < 500, response.text);
        assertErrorFormat(response, JSON.stringify(request));
      }
      assert.deepEqual(environment.calls(), []);
    });

    it('does not authenticate if it is forged, truncated or sent twice', async () => {
      const value = cookie.slice(cookie.indexOf('=') + 1);
      const invalidCookies = [
        `__Host-session=${value.slice(0, -4)}`,
        `__Host-session=${value.slice(0, -4)}AAAA`,
        '__Host-session=',
        '__Host-session=null',
        `session=${value}`,
        `__host-session=${value}`,
        `__Host-session=x; __Host-session=${value}`,
        `__Host-session=${value}; __Host-session=x`,
      ];
      for (const cookie of invalidCookies) {
        const headers = { cookie, ...CSRF_HEADER };
        const response = await send(jsonPost(environment.endpoint, query, headers));
        assert.ok(!isAuthenticated(response), `${cookie.slice(0, 60)}: ${response.text}`);
      }
    });

    for (const otherBff of BFFS_WITHOUT_COOKIES) {
      it(`does not authenticate at the ${otherBff.name} BFF, which has no sessions`, async () => {
        await using other = await startEnvironment(otherBff);
        const { privateQuery } = samplesOf(otherBff);
        const headers = { cookie, ...CSRF_HEADER };
        const request = { query: privateQuery };
        const response = await send(jsonPost(other.endpoint, request, headers));
        assert.deepEqual(codesOf(response), ['UNAUTHENTICATED'], response.text);
        const session = await send({ url: `${other.url}/auth/session` });
        assert.equal(session.status, 404);
        assert.deepEqual(codesOf(session), ['NOT_FOUND']);
      });
    }
  });
}

function mutationOf(bff: BffDefinition): GraphqlRequest {
  const { textPositions } = samplesOf(bff);
  const { query } = textPositions.find(({ query }) => query.startsWith('mutation')) ?? {};
  return { query, variables: { a: USER_ID } };
}

const sendPreflight = ({ endpoint }: Environment, origin: string): Promise<HttpResponse> =>
  send({
    method: 'OPTIONS',
    url: endpoint,
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, authorization',
    },
  });

async function assertNotReadable(environment: Environment, origin: string): Promise<void> {
  const response = await send(jsonPost(environment.endpoint, QUERY, { origin }));
  assert.equal(response.headers['access-control-allow-origin'], undefined, origin);
  const preflight = await sendPreflight(environment, origin);
  assert.equal(preflight.headers['access-control-allow-origin'], undefined, origin);
}

function assertReadable({ headers }: HttpResponse, { credentials }: BffDefinition): void {
  assert.equal(headers['access-control-allow-origin'], LISTED_ORIGIN);
  // Browsers may send cookies only to BFFs that have sessions.
  const allowsCookies = credentials.includes('cookie') ? 'true' : undefined;
  assert.equal(headers['access-control-allow-credentials'], allowsCookies);
  assert.match(String(headers.vary), /origin/i);
}
