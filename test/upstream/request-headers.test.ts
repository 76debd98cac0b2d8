import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { jwtVerify } from 'jose';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';

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

describe('what an upstream is told', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(web, {
      UPSTREAM_TOKEN: 'our-own',
      VIEWER_SIGNING_KEY: KEY,
    });
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const seen = () => environment.calls().map(({ headers }) => headers);

  it('holds nothing of the client but what is listed', async () => {
    await environment.send('{ viewer { unreadCount } announcements { id } }', {
      as: CAST.customer,
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
    assert.equal(seen().length, 2);
    for (const headers of seen()) {
      assert.deepEqual(
        Object.keys(headers).filter((name) => !ALLOWED.includes(name)),
        [],
      );
      assert.equal(headers.authorization, 'Bearer our-own');
      assert.equal(headers['accept-language'], 'pt-br');
      assert.equal(headers.traceparent, TRACE);
      assert.equal(headers['x-request-id'], 'from-the-client');
    }
  });

  it('leaves out a language and a trace that are none', async () => {
    await environment.send('{ announcements { id } }', {
      headers: { 'accept-language': '*', traceparent: '00-short-01' },
    });
    assert.equal(seen()[0]?.['accept-language'], undefined);
    assert.equal(seen()[0]?.traceparent, undefined);
  });

  for (const [given, language] of Object.entries({
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
    it(`is told the language ${language} for "${given.slice(0, 30)}"`, async () => {
      const headers = { 'accept-language': given };
      for (let n = 0; n < 2; n++) {
        environment.reset();
        await environment.send('{ announcements { id } }', { headers });
        assert.equal(seen()[0]?.['accept-language'], language);
      }
    });
  }

  for (const [what, traceparent] of Object.entries({
    'an all-zero trace id': `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    'an all-zero parent id': `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
    'both all-zero': `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`,
    'an unknown version': TRACE.replace('00-', 'ff-'),
    'more fields than version 00 has': `${TRACE}-more`,
  })) {
    it(`is not told a traceparent with ${what}`, async () => {
      await environment.send('{ announcements { id } }', { headers: { traceparent } });
      assert.equal(seen()[0]?.traceparent, undefined);
    });
  }

  it('is told the tracestate of a valid trace only', async () => {
    const tracestate = 'vendor=value,other=1';
    await environment.send('{ announcements { id } }', {
      headers: { traceparent: TRACE, tracestate },
    });
    await environment.send('{ announcements { id title } }', { headers: { tracestate } });
    assert.deepEqual(
      seen().map((headers) => headers.tracestate),
      [tracestate, undefined],
    );
  });

  for (const [what, traceparent] of Object.entries({
    'of a later version': TRACE.replace('00-', '01-'),
    'of a later version with more fields': `${TRACE.replace('00-', '01-')}-what-comes`,
    'of a later version with flags that version 00 does not know': `${TRACE.replace('00-', '01-').slice(0, -2)}ff`,
  })) {
    it(`is told a traceparent ${what} as version 00`, async () => {
      await environment.send('{ announcements { id } }', { headers: { traceparent } });
      assert.equal(seen()[0]?.traceparent, TRACE);
    });
  }

  it('names the viewer, signed for that upstream, where a call is for one viewer', async () => {
    const mutation = 'mutation { updateProfile(input: { avatarUrl: null }) { user { id } } }';
    const unread = '{ viewer { notifications(unreadOnly: true) { edges { cursor } } } }';
    await environment.send(mutation, { as: CAST.customer });
    await environment.send(unread, { as: 'staff' });
    const identities = [];
    for (const [index, audience] of ['user', 'notification'].entries()) {
      const { payload } = await jwtVerify(
        String(seen()[index]?.['x-viewer']),
        new TextEncoder().encode(KEY),
        { algorithms: ['HS256'], issuer: 'frontdesk', audience, requiredClaims: ['exp'] },
      );
      identities.push([payload.sub, payload.role]);
    }
    assert.deepEqual(identities, [
      [CAST.customer, 'customer'],
      [CAST.staff, 'staff'],
    ]);
  });

  it('names nobody where a call is shared', async () => {
    await environment.send('{ viewer { unreadCount user { id } } announcements { id } }', {
      as: CAST.customer,
    });
    await environment.send('{ customers { edges { cursor } } recentOrders { id } }', {
      as: 'staff',
    });
    assert.deepEqual(
      seen().map((headers) => headers['x-viewer']),
      Array.from({ length: 5 }),
    );
  });

  it('has a request id of its own and no trace, where a call is for several requests', async () => {
    await using phones = await startEnvironment(mobile);
    // Keys gather while a first call is under way; how many there may be is learnt from it.
    const ids = [CAST.customer, CAST.otherCustomer, CAST.manyOrders];
    for (const id of ids) await phones.send(`{ profile(id: "${id}") { id } }`);
    phones.reset();
    phones.services.user.control.faults({ usersByIds: { delayMs: 100 } });
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        phones.send(`{ profile(id: "${100 + index}") { id } }`, {
          headers: { 'x-request-id': `member-${index}`, traceparent: TRACE },
        }),
      ),
    );
    const shared = phones.calls().find(({ url }) => url.includes(','));
    assert.ok(shared);
    assert.doesNotMatch(String(shared.headers['x-request-id']), /member/);
    assert.equal(shared.headers.traceparent, undefined);
    assert.ok(phones.calls().length < 40);
  });

  it('never follows where an upstream points to', async () => {
    let visits = 0;
    const trap = createServer((_request, response) => {
      visits++;
      response.end('{}');
    });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    const pointing = createServer((_request, response) => {
      const { port } = trap.address() as AddressInfo;
      response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end();
    });
    await new Promise<void>((resolve) => pointing.listen(0, '127.0.0.1', resolve));
    const { port } = pointing.address() as AddressInfo;
    {
      await using misled = await startEnvironment(web, {
        NOTIFICATION_SERVICE_URL: `http://127.0.0.1:${port}`,
      });
      const { body } = await misled.send('{ announcements { id } }');
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    }
    assert.equal(visits, 0);
    for (const server of [trap, pointing]) server.close();
  });
});
