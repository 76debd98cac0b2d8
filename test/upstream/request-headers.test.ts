import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { startServer } from './upstream-harness.ts';

const KEY = 'a key of the tests that has 32 bytes or more';
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const ALLOWED = [
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'connection',
  'host',
  'traceparent',
  'user-agent',
  'x-request-id',
  'x-request-timeout-ms',
];
const NOTICES = '{ notices { id } }';

describe('An upstream request', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary({ UPSTREAM_TOKEN: 'own-token', VIEWER_SIGNING_KEY: KEY });
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const received = () => environment.calls().map(({ headers }) => headers);

  it('has no header of the client but the allowed ones', async () => {
    await environment.send('{ viewer { activeCount } notices { id } }', {
      as: CAST.reader,
      headers: {
        'accept-language': 'pt-BR,pt;q=0.9,*;q=0.1',
        cookie: 'session=secret',
        forwarded: 'for=1.2.3.4',
        traceparent: TRACE,
        'x-secret': 'secret',
        'x-forwarded-for': '1.2.3.4',
        'x-request-id': 'from-the-client',
        'x-viewer': 'forged',
      },
    });
    assert.equal(received().length, 2);
    for (const headers of received()) {
      assert.deepEqual(
        Object.keys(headers).filter((name) => !ALLOWED.includes(name)),
        [],
      );
      assert.equal(headers.authorization, 'Bearer own-token');
      assert.equal(headers['accept-language'], 'pt-br');
      assert.equal(headers.traceparent, TRACE);
      assert.equal(headers['x-request-id'], 'from-the-client');
    }
  });

  it('has neither an invalid language nor an invalid trace', async () => {
    await environment.send(NOTICES, {
      headers: { 'accept-language': '*', traceparent: '00-short-01' },
    });
    assert.equal(received()[0]?.['accept-language'], undefined);
    assert.equal(received()[0]?.traceparent, undefined);
  });

  for (const [accepted, language] of Object.entries({
    'de;q=0, en': 'en',
    'en;q=0.2, de;q=0.8': 'de',
    'de ; q=0.5 , PT-br': 'pt-br',
    '*;q=0.9, de;q=0.1': 'de',
    'not_a_language, fr': 'fr',
    'de;q=0': undefined,
    'de;q=0, *': undefined,
    'zh-Hant-TW': 'zh-hant-tw',
    [`${'en;q=0.1, '.repeat(100)}de`]: undefined,
  })) {
    const expected = language ? `the language ${language}` : 'no language';
    it(`has ${expected} for "${accepted.slice(0, 30)}"`, async () => {
      const headers = { 'accept-language': accepted };
      for (let n = 0; n < 2; n++) {
        environment.reset();
        await environment.send(NOTICES, { headers });
        assert.equal(received()[0]?.['accept-language'], language);
      }
    });
  }

  for (const [what, traceparent] of Object.entries({
    'an all-zero trace id': `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    'an all-zero parent id': `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
    'both ids all-zero': `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`,
    'an unknown version': TRACE.replace('00-', 'ff-'),
    'more fields than version 00 has': `${TRACE}-more`,
  })) {
    it(`has no traceparent for one with ${what}`, async () => {
      await environment.send(NOTICES, { headers: { traceparent } });
      assert.equal(received()[0]?.traceparent, undefined);
    });
  }

  it('has the tracestate of a valid trace only', async () => {
    const tracestate = 'vendor=value,other=1';
    await environment.send(NOTICES, { headers: { traceparent: TRACE, tracestate } });
    await environment.send('{ notices { id title } }', { headers: { tracestate } });
    assert.deepEqual(
      received().map((headers) => headers.tracestate),
      [tracestate, undefined],
    );
  });

  const LATER_VERSION = TRACE.replace('00-', '01-');
  for (const [what, traceparent] of Object.entries({
    'of a later version': LATER_VERSION,
    'of a later version with more fields': `${LATER_VERSION}-what-comes`,
    'of a later version with flags that version 00 does not know': `${LATER_VERSION.slice(0, -2)}ff`,
  })) {
    it(`has a traceparent ${what} as version 00`, async () => {
      await environment.send(NOTICES, { headers: { traceparent } });
      assert.equal(received()[0]?.traceparent, TRACE);
    });
  }

  it('for one viewer has the identity of the viewer, signed for that upstream', async () => {
    const page = await environment.send(
      '{ viewer { loans(first: 1) { pageInfo { endCursor } } } }',
      {
        as: 'staff',
      },
    );
    const after: string = page.body.data.viewer.loans.pageInfo.endCursor;
    environment.reset();
    await environment.send('mutation { renameMember(name: "A") { member { id } } }', {
      as: CAST.reader,
    });
    await environment.send(
      `{ viewer { loans(first: 1, after: "${after}") { edges { cursor } } } }`,
      {
        as: 'staff',
      },
    );
    const identities = [];
    for (const [index, audience] of ['member', 'lending'].entries()) {
      const { payload } = await jwtVerify(
        String(received()[index]?.['x-viewer']),
        new TextEncoder().encode(KEY),
        { algorithms: ['HS256'], issuer: 'frontdesk', audience, requiredClaims: ['exp'] },
      );
      identities.push([payload.sub, payload.role]);
    }
    assert.deepEqual(identities, [
      [CAST.reader, 'customer'],
      [CAST.librarian, 'staff'],
    ]);
  });

  it('that is shared has no identity of a viewer', async () => {
    await environment.send('{ viewer { activeCount member { id } } notices { id } }', {
      as: CAST.reader,
    });
    await environment.send('{ members { edges { cursor } } recentLoans { id } }', { as: 'staff' });
    assert.deepEqual(
      received().map((headers) => headers['x-viewer']),
      Array.from({ length: 5 }),
    );
  });

  it('for several requests has a request id of its own and no trace', async () => {
    await using shared = await startLibrary();
    const send = (id: number, headers = {}) =>
      shared.send(`{ member(id: "${id}") { id } }`, { headers });
    // Latencies that lower the in-flight limit, so that keys queue.
    for (let id = 40; id < 60; id++) await send(id);
    shared.reset();
    shared.services.member.control.faults({ membersByIds: { delayMs: 100 } });
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        send(100 + index, { 'x-request-id': `request-${index}`, traceparent: TRACE }),
      ),
    );
    const batch = shared.calls().find(({ url }) => url.includes(','));
    assert.ok(batch);
    assert.doesNotMatch(String(batch.headers['x-request-id']), /request/);
    assert.equal(batch.headers.traceparent, undefined);
    assert.ok(shared.calls().length < 40);
  });

  it('does not follow a redirect', async () => {
    await using elsewhere = await startServer((_request, response) => response.end('{}'));
    await using redirecting = await startServer((_request, response) => {
      response.writeHead(302, { location: elsewhere.origin }).end();
    });
    await using redirected = await startLibrary({ LENDING_SERVICE_URL: redirecting.origin });
    const { body } = await redirected.send(NOTICES);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    assert.equal(elsewhere.requests(), 0);
  });
});
