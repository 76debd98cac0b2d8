import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { BffDefinition } from '../../src/bff.ts';
import { authorization, type Json } from '../support/environment.ts';
import { BFFS, casesFor, USER_ID } from './bffs.ts';
import { type HttpRequest, type HttpResponse, jsonPost, send } from './http-client.ts';
import { assertErrorFormat, assertLimitReported, assertRejection, codesOf } from './responses.ts';
import { samplesOf } from './schema-samples.ts';
import { startTarget, type Target } from './target.ts';
import { urlOf, withHash } from './transports.ts';

const MEGABYTE = 1_000_000;
const MAX_EVENT_LOOP_DELAY_MS = 1_000;
const HARMLESS = { query: '{ __typename }' };

const batch = (count: number, member: unknown = HARMLESS): unknown[] =>
  Array.from({ length: count }, () => member);

const deepJson = (depth: number, open: string, close: string): string =>
  `{"query":"{ __typename }","variables":{"a":${open.repeat(depth)}1${close.repeat(depth)}}}`;

const compressedBomb = (
  compress: (text: string) => Buffer,
  encoding: string,
): Partial<HttpRequest> => ({
  headers: { 'content-type': 'application/json', 'content-encoding': encoding },
  body: compress(JSON.stringify({ query: `{ __typename } #${' '.repeat(2 * MEGABYTE)}` })),
});

/** Bodies that must be rejected. */
const REJECTED: Readonly<Record<string, unknown>> = {
  '10 MB of a document': { query: `{ __typename } #${'x'.repeat(10 * MEGABYTE)}` },
  '10 MB of variables': { ...HARMLESS, variables: { a: 'x'.repeat(10 * MEGABYTE) } },
  '10 MB of brackets': '['.repeat(10 * MEGABYTE),
  'an array of 10,000 operations': batch(10_000),
  'an array of one operation more than the limit': batch(11),
  'an empty array': [],
  'an array of arrays': [[HARMLESS]],
  'an array of numbers': batch(5, 1),
  'an array of nulls': batch(5, null),
  'brackets to a depth of 100,000': '['.repeat(100_000),
  'an operation name of 500 kB': { ...HARMLESS, operationName: 'x'.repeat(MEGABYTE / 2) },
  '__proto__ as a key': '{"query":"{ __typename }","variables":{"__proto__":{"polluted":1}}}',
  'constructor as a key': '{"query":"{ __typename }","constructor":{"prototype":{"polluted":1}}}',
};

/** Creates bodies that may be executed or rejected, but must not call the services or block the event loop. */
const cheapBodies = (bff: BffDefinition): Readonly<Record<string, () => unknown>> => {
  const { lookup, longLists } = samplesOf(bff);
  const lookupById = `query($id: ID!) { ${lookup.select('$id')} }`;
  return {
    '50,000 undeclared variables': () => ({
      ...HARMLESS,
      variables: Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`v${n}`, n])),
    }),
    'a hash of 500 kB': () => ({
      extensions: { persistedQuery: { version: 1, sha256Hash: 'f'.repeat(MEGABYTE / 2) } },
    }),
    'a key 50,000 times': () => `{${'"query":"{ a }",'.repeat(50_000)}"query":"{ __typename }"}`,
    'a variable nested 100,000 times': () => deepJson(100_000, '[', ']'),
    'objects nested 50,000 times': () => deepJson(50_000, '{"a":', '}'),
    'a number of 500,000 digits': () =>
      `{"query":"{ __typename }","variables":{"a":1${'0'.repeat(MEGABYTE / 2)}}}`,
    'an id of 900 kB': () => ({
      query: lookupById,
      variables: { id: 'x'.repeat(900_000) },
    }),
    'an id that is a list nested 1,000 times': () => ({
      query: lookupById,
      variables: { id: JSON.parse(`${'['.repeat(1_000)}1${']'.repeat(1_000)}`) },
    }),
    'a string of 900 kB in the document': () => ({
      query: `{ ${lookup.select(`"${'x'.repeat(900_000)}"`)} }`,
    }),
    'a comment of 900 kB': () => ({ query: `{ __typename } #${'x'.repeat(900_000)}` }),
    ...Object.fromEntries(
      longLists(10_000).map(({ name, ...body }) => [
        `10,000 list elements for ${name}`,
        () => body,
      ]),
    ),
  };
};

const COMPRESSIONS: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  'gzip, gzip': (text) => gzipSync(gzipSync(text)),
};

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF`, () => {
    const { lookup } = samplesOf(bff);
    let target: Target;
    let headers: Record<string, string>;
    before(async () => {
      target = await startTarget(bff, { BATCH_MAX_OPERATIONS: '10' });
      headers = await authorization(USER_ID);
      await send(jsonPost(target.endpoint, HARMLESS, headers));
    });
    after(() => target[Symbol.asyncDispose]());

    /** Sends a request that must not call the services or block the event loop. */
    async function attack(request: Partial<HttpRequest>): Promise<HttpResponse> {
      await target.metrics();
      const response = await send({ method: 'POST', url: target.endpoint, ...request });
      assert.equal(target.takeCallCount(), 0, 'calls of the services');
      const { lagMs } = (await target.metrics()) ?? { lagMs: 0 };
      assert.ok(lagMs < MAX_EVENT_LOOP_DELAY_MS, `event loop delay of ${lagMs} ms`);
      return response;
    }

    for (const [what, body] of casesFor(bff, Object.entries(REJECTED))) {
      it(`rejects ${what}`, async () => {
        const response = await attack(jsonPost(target.endpoint, body, headers));
        assertRejection(response, what);
        if (codesOf(response).includes('QUERY_TOO_COMPLEX')) assertLimitReported(response, what);
      });
    }

    for (const [what, createBody] of casesFor(bff, Object.entries(cheapBodies(bff)))) {
      it(`responds to ${what} without calls or a delay`, async () => {
        const response = await attack(jsonPost(target.endpoint, createBody(), headers));
        const { status, text } = response;
        assert.ok(status < 500, `${status} ${text.slice(0, 300)}`);
        assert.ok(Buffer.byteLength(text) < 10_000, `${text.length} bytes: ${text.slice(0, 300)}`);
        if (status >= 400) assertErrorFormat(response, what);
      });
    }

    for (const [encoding, compress] of casesFor(bff, Object.entries(COMPRESSIONS))) {
      it(`does not decompress a body with the encoding ${encoding}`, async () => {
        const request = compressedBomb(compress, encoding);
        const response = await attack({ ...request, headers: { ...headers, ...request.headers } });
        assertRejection(response, encoding);
      });
    }

    it('applies its limits to each operation of an array', async () => {
      const cheap = { query: `{ ${repeat(5, (n) => `a${n}: __typename`)} }` };
      const expensive = { query: `{ ${repeat(300, () => lookup.select())} }` };
      const response = await send(jsonPost(target.endpoint, [cheap, expensive, cheap], headers));
      assert.ok(codesOf(response).includes('QUERY_TOO_COMPLEX'), response.text.slice(0, 300));
      assert.equal(target.takeCallCount(), 0, 'calls of the services');
    });

    it('executes an array of the allowed length, and responds in its order', async () => {
      const requests = Array.from({ length: 10 }, (_, n) => ({ query: `{ a${n}: __typename }` }));
      const { status, text } = await send(jsonPost(target.endpoint, requests, headers));
      assert.equal(status, 200, text.slice(0, 300));
      assert.deepEqual(
        (JSON.parse(text) as Json[]).map(({ data }) => Object.keys(data)),
        requests.map((_, n) => [`a${n}`]),
      );
    });

    it('stores no document under the hash of another', async () => {
      const wrong = { ...withHash(HARMLESS), query: `{ ${lookup.select()} }` };
      assertRejection(await attack(jsonPost(target.endpoint, wrong, headers)), 'wrong hash');
      const { extensions } = wrong;
      const stored = await attack(jsonPost(target.endpoint, { extensions }, headers));
      assert.ok(!stored.text.includes(`"${lookup.leaf}"`), stored.text);
    });

    it('rejects a URL that exceeds the limit, in the format of all errors', async () => {
      const url = urlOf(target.endpoint, { query: `{ __typename } #${'x'.repeat(100_000)}` });
      assertRejection(await attack({ method: 'GET', url, headers }), 'a long URL');
    });

    it('responds after all bodies, without polluted prototypes', async () => {
      assert.ok(target.isAlive());
      const { status, text } = await send(jsonPost(target.endpoint, HARMLESS));
      assert.deepEqual([status, text.includes('polluted')], [200, false]);
    });

    it('rejects arrays of operations unless BATCH_MAX_OPERATIONS allows them', async () => {
      await using closed = await startTarget(bff);
      assertRejection(await send(jsonPost(closed.endpoint, [HARMLESS])), 'an array');
    });
  });
}

const repeat = (count: number, make: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => make(n)).join(' ');
