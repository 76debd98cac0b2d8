import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { CAST } from '../../services/support/cast.ts';
import { authorization, type Json } from '../support/environment.ts';
import { BFFS, casesFor } from './bffs.ts';
import { type HttpRequest, type HttpResponse, jsonPost, send } from './http-client.ts';
import { assertErrorFormat, assertLimitReported, assertRejection, codesOf } from './responses.ts';
import { startTarget, type Target } from './target.ts';
import { urlOf, withHash } from './transports.ts';

const MEGABYTE = 1_000_000;
const MOST_LAG_MS = 1_000;
const HARMLESS = { query: '{ __typename }' };

const members = (count: number, member: unknown = HARMLESS): unknown[] =>
  Array.from({ length: count }, () => member);

const deepJson = (depth: number, open: string, close: string): string =>
  `{"query":"{ __typename }","variables":{"a":${open.repeat(depth)}1${close.repeat(depth)}}}`;

const packed = (pack: (text: string) => Buffer, encoding: string): Partial<HttpRequest> => ({
  headers: { 'content-type': 'application/json', 'content-encoding': encoding },
  body: pack(JSON.stringify({ query: `{ __typename } #${' '.repeat(2 * MEGABYTE)}` })),
});

/** Bodies that must be refused, whatever is in them. */
const REFUSED: Readonly<Record<string, unknown>> = {
  '10 MB of a document': { query: `{ __typename } #${'x'.repeat(10 * MEGABYTE)}` },
  '10 MB of variables': { ...HARMLESS, variables: { a: 'x'.repeat(10 * MEGABYTE) } },
  '10 MB of brackets': '['.repeat(10 * MEGABYTE),
  'an array of 10,000 operations': members(10_000),
  'an array of one operation more than is allowed': members(11),
  'an array of nothing': [],
  'an array of arrays': [[HARMLESS]],
  'an array of what is no operation': members(5, 1),
  'an array of nulls': members(5, null),
  'brackets to a depth of 100,000': '['.repeat(100_000),
  'an operation name of 500 kB': { ...HARMLESS, operationName: 'x'.repeat(MEGABYTE / 2) },
  'a prototype as a key': '{"query":"{ __typename }","variables":{"__proto__":{"polluted":1}}}',
  'a constructor as a key': '{"query":"{ __typename }","constructor":{"prototype":{"polluted":1}}}',
};

/** Bodies that may be answered or refused, but must cost nothing. */
const CHEAP: Readonly<Record<string, unknown>> = {
  '50,000 variables that nobody declared': {
    ...HARMLESS,
    variables: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`v${n}`, n])),
  },
  'a hash of 500 kB': {
    extensions: { persistedQuery: { version: 1, sha256Hash: 'f'.repeat(MEGABYTE / 2) } },
  },
  'one key 50,000 times': `{${'"query":"{ a }",'.repeat(50_000)}"query":"{ __typename }"}`,
  'a variable that is nested 100,000 times': deepJson(100_000, '[', ']'),
  'objects that are nested 50,000 times': deepJson(50_000, '{"a":', '}'),
  'a number of 500,000 digits': `{"query":"{ __typename }","variables":{"a":1${'0'.repeat(MEGABYTE / 2)}}}`,
  'an id of 900 kB': {
    query: 'query($id: ID!) { profile(id: $id) { name } }',
    variables: { id: 'x'.repeat(900_000) },
  },
  'an id that is a list, nested 10,000 times': {
    query: 'query($id: ID!) { profile(id: $id) { name } }',
    variables: { id: JSON.parse(`${'['.repeat(1_000)}1${']'.repeat(1_000)}`) },
  },
  'a string of 900 kB in the document': {
    query: `{ profile(id: "${'x'.repeat(900_000)}") { name } }`,
  },
  'a comment of 900 kB': { query: `{ __typename } #${'x'.repeat(900_000)}` },
  '10,000 ids': {
    query: 'mutation($ids: [ID!]!) { markNotificationsRead(ids: $ids) { unreadCount } }',
    variables: { ids: Array.from({ length: 10_000 }, (_, n) => `n-${n}`) },
  },
  '10,000 items': {
    query:
      'mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { userErrors { code } } }',
    variables: {
      input: {
        idempotencyKey: 'many',
        currency: 'EUR',
        items: Array.from({ length: 10_000 }, () => ({ sku: 'x', quantity: 1 })),
      },
    },
  },
};

for (const bff of BFFS) {
  describe(`${bff.name}: bodies that cost more than they seem to`, () => {
    let target: Target;
    let headers: Record<string, string>;
    before(async () => {
      target = await startTarget(bff, { BATCH_MOST: '10' });
      headers = await authorization(CAST.customer);
      await send(jsonPost(target.endpoint, HARMLESS, headers));
    });
    after(() => target[Symbol.asyncDispose]());

    /** @returns what came back, when it cost the services and the event loop nothing */
    async function attack(sent: Partial<HttpRequest>): Promise<HttpResponse> {
      await target.metrics();
      const received = await send({ method: 'POST', url: target.endpoint, ...sent });
      assert.equal(target.takeCallCount(), 0, 'nothing is asked of the services');
      const { lagMs } = (await target.metrics()) ?? { lagMs: 0 };
      assert.ok(lagMs < MOST_LAG_MS, `held up for ${lagMs} ms`);
      return received;
    }

    for (const [what, body] of casesFor(bff, Object.entries(REFUSED))) {
      it(`refuses ${what}`, async () => {
        const received = await attack(jsonPost(target.endpoint, body, headers));
        assertRejection(received, what);
        if (codesOf(received).includes('QUERY_TOO_COMPLEX')) assertLimitReported(received, what);
      });
    }

    for (const [what, body] of casesFor(bff, Object.entries(CHEAP))) {
      it(`pays nothing for ${what}`, async () => {
        const received = await attack(jsonPost(target.endpoint, body, headers));
        const { status, text } = received;
        assert.ok(status < 500, `${status} ${text.slice(0, 300)}`);
        assert.ok(Buffer.byteLength(text) < 10_000, `${text.length} bytes: ${text.slice(0, 300)}`);
        if (status >= 400) assertErrorFormat(received, what);
      });
    }

    const packers: Record<string, (text: string) => Buffer> = {
      gzip: gzipSync,
      deflate: deflateSync,
      br: brotliCompressSync,
      'gzip, gzip': (text) => gzipSync(gzipSync(text)),
    };
    for (const [encoding, pack] of casesFor(bff, Object.entries(packers))) {
      it(`does not unpack a body that is packed with ${encoding}`, async () => {
        const sent = packed(pack, encoding);
        const received = await attack({ ...sent, headers: { ...headers, ...sent.headers } });
        assertRejection(received, encoding);
      });
    }

    it('counts what each member of an array costs, not each one by itself', async () => {
      const aliases = Array.from({ length: 5 }, (_, n) => `a${n}: __typename`).join(' ');
      const one = { query: `{ ${aliases} }` };
      const costly = Array.from({ length: 300 }, () => 'profile(id: "42") { id }').join(' ');
      const received = await send(
        jsonPost(target.endpoint, [one, { query: `{ ${costly} }` }, one], headers),
      );
      assert.ok(codesOf(received).includes('QUERY_TOO_COMPLEX'), received.text.slice(0, 300));
      assert.equal(target.takeCallCount(), 0, 'nothing is asked of the services');
    });

    it('takes arrays as large as is allowed, and answers each member in its place', async () => {
      const asked = Array.from({ length: 10 }, (_, n) => ({ query: `{ a${n}: __typename }` }));
      const { status, text } = await send(jsonPost(target.endpoint, asked, headers));
      assert.equal(status, 200, text.slice(0, 300));
      assert.deepEqual(
        (JSON.parse(text) as Json[]).map(({ data }) => Object.keys(data)),
        asked.map((_, n) => [`a${n}`]),
      );
    });

    it('registers no text under a hash that is not its own', async () => {
      const wrong = { ...withHash(HARMLESS), query: '{ profile(id: "42") { name } }' };
      assertRejection(await attack(jsonPost(target.endpoint, wrong, headers)), 'wrong hash');
      const kept = await attack(
        jsonPost(target.endpoint, { extensions: wrong.extensions }, headers),
      );
      assert.doesNotMatch(kept.text, /"name"/);
    });

    it('refuses an address that is longer than any of ours, in the same form', async () => {
      const url = urlOf(target.endpoint, { query: `{ __typename } #${'x'.repeat(100_000)}` });
      assertRejection(await attack({ method: 'GET', url, headers }), 'a long address');
    });

    it('is alive and its prototypes are clean after all this', async () => {
      assert.ok(target.isAlive());
      const { status, text } = await send(jsonPost(target.endpoint, { query: '{ __typename }' }));
      assert.deepEqual([status, text.includes('polluted')], [200, false]);
    });
  });

  describe(`${bff.name}: arrays of operations, where nobody asked for them`, () => {
    it('are refused', async () => {
      await using target = await startTarget(bff);
      assertRejection(await send(jsonPost(target.endpoint, [HARMLESS])), 'an array');
    });
  });
}
