import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CAST } from '../../services/support/cast.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { BFFS } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { assertErrorFormat, assertRejection, codesOf } from './responses.ts';
import { hashOnly, urlOf } from './transports.ts';

const OURS = 'https://shop.example';
const THEIRS = [
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
const READ = { query: '{ __typename }' };
const WRITE = {
  query: 'mutation { updateProfile(input: { name: "Mallory" }) { user { name } } }',
};

/** What a page of another site may send without asking first (Fetch §2.2.2: simple requests). */
const SIMPLE_TYPES = [
  'text/plain',
  'text/plain; charset=utf-8',
  'text/plain;application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  undefined,
];

const HEADERS: Readonly<Record<string, RegExp>> = {
  'x-content-type-options': /^nosniff$/,
  'referrer-policy': /^no-referrer$/,
  'content-security-policy': /frame-ancestors 'none'/,
};

for (const bff of BFFS) {
  describe(`${bff.name}: what pages of other sites have browsers send`, () => {
    let environment: Environment;
    let signedIn: Record<string, string>;
    before(async () => {
      environment = await startEnvironment(bff, { CORS_ORIGINS: OURS });
      signedIn = await authorization(CAST.customer);
    });
    after(() => environment[Symbol.asyncDispose]());

    it('is refused if they need not ask first', async () => {
      for (const type of SIMPLE_TYPES) {
        for (const asked of [READ, WRITE]) {
          const received = await send({
            method: 'POST',
            url: environment.endpoint,
            headers: {
              ...signedIn,
              origin: 'https://evil.example',
              ...(type && { 'content-type': type }),
            },
            body: JSON.stringify(asked),
          });
          assertRejection(received, String(type));
        }
      }
      assert.deepEqual(environment.calls(), []);
    });

    it('changes nothing by a GET, by text or by hash', async () => {
      await send(jsonPost(environment.endpoint, READ, signedIn));
      environment.reset();
      for (const asked of [WRITE, hashOnly(WRITE), { ...READ, ...WRITE }]) {
        const url = urlOf(environment.endpoint, asked);
        const received = await send({ url, headers: signedIn });
        assert.ok(received.status >= 200 && received.status < 500, received.text);
        assertErrorFormat(received, JSON.stringify(asked));
        // The method is not to be changed by what a link can bring along.
        const headers = {
          ...signedIn,
          'x-http-method-override': 'POST',
          'x-method-override': 'POST',
        };
        assertErrorFormat(await send({ url: `${url}&_method=POST`, headers }), 'overridden');
      }
      assert.deepEqual(environment.calls(), []);
    });

    it('is readable for no page but those of the list', async () => {
      for (const origin of THEIRS) {
        const received = await send(jsonPost(environment.endpoint, READ, { origin }));
        assert.equal(received.headers['access-control-allow-origin'], undefined, origin);
        const preflight = await preflightFrom(environment, origin);
        assert.equal(preflight.headers['access-control-allow-origin'], undefined, origin);
      }
    });

    it('is readable for pages of the list, with what they need', async () => {
      const received = await send(jsonPost(environment.endpoint, READ, { origin: OURS }));
      demandShared(received, bff);
      const preflight = await preflightFrom(environment, OURS);
      assert.ok(preflight.status === 204 || preflight.status === 200, String(preflight.status));
      demandShared(preflight, bff);
      assert.match(String(preflight.headers['access-control-allow-methods']), /POST/);
      assert.match(String(preflight.headers['access-control-allow-headers']), /content-type/i);
      // A refusal must be readable as well, or the page can't tell what is wrong.
      demandShared(await send(jsonPost(environment.endpoint, '{', { origin: OURS })), bff);
    });

    it('takes the headers of tracing libraries, and those of CORS_HEADERS, from pages of the list', async () => {
      await using custom = await startEnvironment(bff, {
        CORS_ORIGINS: OURS,
        CORS_HEADERS: 'X-Session-Replay, x-tenant',
      });
      const { headers } = await preflightFrom(custom, OURS);
      const allowed = String(headers['access-control-allow-headers']).split(/, */);
      const expected = ['traceparent', 'tracestate', 'baggage', 'sentry-trace'];
      for (const name of [...expected, 'x-session-replay', 'x-tenant']) {
        assert.ok(allowed.includes(name), `${name} in ${allowed}`);
      }
    });

    it('is not readable for anyone without a list', async () => {
      await using closed = await startEnvironment(bff);
      for (const origin of [OURS, ...THEIRS]) {
        const received = await send(jsonPost(closed.endpoint, READ, { origin }));
        assert.equal(received.headers['access-control-allow-origin'], undefined, origin);
        const preflight = await preflightFrom(closed, origin);
        assert.equal(preflight.headers['access-control-allow-origin'], undefined, origin);
      }
    });

    it('is told by every answer not to guess types, be framed or tell where it comes from', async () => {
      const answers: Record<string, HttpResponse> = {
        'an answer': await send(jsonPost(environment.endpoint, READ)),
        'an answer that may be kept': await send({
          url: urlOf(environment.endpoint, { query: '{ profile(id: "42") { name } }' }),
        }),
        'a syntax error': await send(jsonPost(environment.endpoint, { query: '{' })),
        'no JSON': await send(jsonPost(environment.endpoint, '{')),
        'a wrong token': await send(
          jsonPost(environment.endpoint, READ, { authorization: 'Bearer x' }),
        ),
        'a wrong type': await send({
          method: 'POST',
          url: environment.endpoint,
          headers: { 'content-type': 'text/plain' },
          body: '{}',
        }),
        'a wrong method': await send({ method: 'PUT', url: environment.endpoint }),
        'a missing page': await send({ url: `${environment.url}/nothing` }),
        'a broken address': await send({ url: `${environment.url}/%` }),
        health: await send({ url: `${environment.url}/healthz` }),
        readiness: await send({ url: `${environment.url}/readyz` }),
      };
      for (const [what, { headers }] of Object.entries(answers)) {
        for (const [name, expected] of Object.entries(HEADERS)) {
          assert.match(String(headers[name]), expected, `${what}: ${name}`);
        }
        assert.equal(headers['x-powered-by'], undefined, what);
        assert.equal(headers.server, undefined, what);
      }
    });
  });
}

/** What only pages that may ask can send. */
const OWN_HEADER = { 'x-csrf-protection': '1' };

describe('web: cookies', () => {
  const bff = BFFS.find(({ name }) => name === 'web') as BffDefinition;
  let environment: Environment;
  let cookie: string;
  before(async () => {
    environment = await startEnvironment(bff, { CORS_ORIGINS: OURS });
    const received = await send({
      method: 'POST',
      url: `${environment.url}/session`,
      headers: { ...(await authorization(CAST.customer)), ...OWN_HEADER },
    });
    const [given = ''] = received.headers['set-cookie'] ?? [];
    cookie = given.split(';')[0] ?? '';
    assert.match(given, /^__Host-session=[^;]+/, `${received.status} ${received.text}`);
    for (const attribute of [
      /; ?Secure/i,
      /; ?HttpOnly/i,
      /; ?SameSite=(Strict|Lax)/i,
      /; ?Path=\//i,
    ]) {
      assert.match(given, attribute);
    }
    assert.doesNotMatch(given, /Domain=/i);
  });
  after(() => environment[Symbol.asyncDispose]());

  const OWN = { query: '{ viewer { id } }' };
  const isAnswered = ({ text }: HttpResponse): boolean => /"id":"42"/.test(text);

  it('let their user in, with a header that only our own pages can set', async () => {
    const headers = { cookie, origin: OURS, ...OWN_HEADER };
    assert.ok(isAnswered(await send(jsonPost(environment.endpoint, OWN, headers))));
    const url = urlOf(environment.endpoint, OWN);
    assert.ok(isAnswered(await send({ url, headers })));
  });

  it('let nobody in without that header, on any way', async () => {
    environment.reset();
    const requests = [
      jsonPost(environment.endpoint, OWN, { cookie }),
      jsonPost(environment.endpoint, WRITE, { cookie }),
      jsonPost(environment.endpoint, [OWN], { cookie }),
      jsonPost(environment.endpoint, OWN, { cookie, origin: 'https://evil.example' }),
      jsonPost(environment.endpoint, WRITE, { cookie, 'sec-fetch-site': 'cross-site' }),
      { url: urlOf(environment.endpoint, OWN), headers: { cookie } },
    ];
    for (const sent of requests) {
      const received = await send(sent);
      assert.ok(!isAnswered(received), received.text);
      assert.ok(received.status >= 400 && received.status < 500, received.text);
      assertErrorFormat(received, JSON.stringify(sent));
    }
    assert.deepEqual(environment.calls(), []);
  });

  it('let nobody in that were made up, cut, or sent twice', async () => {
    const value = cookie.slice(cookie.indexOf('=') + 1);
    const wrong = [
      `__Host-session=${value.slice(0, -4)}`,
      `__Host-session=${value.slice(0, -4)}AAAA`,
      '__Host-session=',
      '__Host-session=null',
      `session=${value}`,
      `__host-session=${value}`,
      `__Host-session=x; __Host-session=${value}`,
      `__Host-session=${value}; __Host-session=x`,
    ];
    for (const cookie of wrong) {
      const headers = { cookie, ...OWN_HEADER };
      const received = await send(jsonPost(environment.endpoint, OWN, headers));
      assert.ok(!isAnswered(received), `${cookie.slice(0, 60)}: ${received.text}`);
    }
  });

  it('are made from good tokens alone', async () => {
    for (const authorization of [undefined, 'Bearer x', 'Bearer a.b.c', 'Basic dXNlcjpwYXNz']) {
      const received = await send({
        method: 'POST',
        url: `${environment.url}/session`,
        headers: { ...OWN_HEADER, ...(authorization && { authorization }) },
      });
      assert.equal(received.headers['set-cookie'], undefined);
      assert.ok(received.status >= 400 && received.status < 500, received.text);
      assertErrorFormat(received, String(authorization));
    }
  });

  it("are nobody's on other BFFs", async () => {
    for (const other of BFFS.filter(({ credentials }) => !credentials.includes('cookie'))) {
      await using target = await startEnvironment(other);
      const headers = { cookie, ...OWN_HEADER };
      const query = other.name === 'mobile' ? '{ dashboard { user { id } } }' : '{ me { id } }';
      const received = await send(jsonPost(target.endpoint, { query }, headers));
      assert.ok(!isAnswered(received), received.text);
      const session = await send({ method: 'POST', url: `${target.url}/session` });
      assert.equal(session.status, 404);
      assert.deepEqual(codesOf(session), ['NOT_FOUND']);
    }
  });
});

const preflightFrom = ({ endpoint }: Environment, origin: string): Promise<HttpResponse> =>
  send({
    method: 'OPTIONS',
    url: endpoint,
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, authorization',
    },
  });

function demandShared({ headers }: HttpResponse, { credentials }: BffDefinition): void {
  assert.equal(headers['access-control-allow-origin'], OURS);
  // Only where there is a cookie that the browser may bring along.
  const isAllowed = credentials.includes('cookie') ? 'true' : undefined;
  assert.equal(headers['access-control-allow-credentials'], isAllowed);
  assert.match(String(headers.vary), /origin/i);
}
