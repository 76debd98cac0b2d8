import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { type AnyEnvironment, authorization } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { get, post, urlOf } from './environment.ts';
import { shareCached } from './shared-environment.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
const QUERY = '{ notices { id } }';

/** The content type for each Accept header; undefined for 406 Not Acceptable. */
const CONTENT_TYPES: readonly (readonly [accept: string, type: string | undefined])[] = [
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['Application/JSON', JSON_TYPE],
  ['application/json; charset=utf-8', JSON_TYPE],
  ['application/json;charset=UTF-8', JSON_TYPE],
  ['application/graphql-response+json', GRAPHQL_TYPE],
  ['application/graphql-response+json, application/json;q=0.9', GRAPHQL_TYPE],
  ['application/json;q=0.5, application/graphql-response+json', GRAPHQL_TYPE],
  ['application/graphql-response+json;q=0.1, application/json', JSON_TYPE],
  ['application/json;q=0, */*', GRAPHQL_TYPE],
  ['multipart/mixed;deferSpec=20220824, application/json;q=0.9', JSON_TYPE],
  ['image/avif, application/json;q=0.1', JSON_TYPE],
  ['image/png', undefined],
  ['text/plain', undefined],
  ['application/json;q=0', undefined],
  ['*/*;q=0', undefined],
  ['application/jsonp', undefined],
];

const postQuery = (environment: AnyEnvironment, query: string, headers: Record<string, string>) =>
  post(environment, { query }, headers);

describe('Accept header', () => {
  const environment = shareCached(library);

  for (const [method, send] of Object.entries({ GET: get, POST: postQuery })) {
    it(`decides the content type of misses and hits over ${method}`, async () => {
      for (const [accept, type] of CONTENT_TYPES) {
        const query = `# ${accept}\n${QUERY}`;
        const miss = await send(environment, query, { accept });
        await send(environment, query, {});
        const hit = await send(environment, query, { accept });
        for (const answer of [miss, hit]) {
          assert.equal(answer.status, type ? 200 : 406, accept);
          assert.equal(answer.headers.get('content-type'), type ?? JSON_TYPE, accept);
          if (!type) assert.equal(answer.headers.get('cache-control'), 'no-store', accept);
          if (!type) assert.equal(answer.headers.get('etag'), null, accept);
        }
        const status = hit.headers.get('cache-status') ?? '';
        assert.match(status, type ? /; hit;/ : /fwd=bypass$/, accept);
        if (type) assert.equal(await hit.text(), await miss.text(), accept);
        else assert.match(await hit.text(), /"BAD_REQUEST".*"requestId"/, accept);
      }
    });
  }

  it('decides the content type of an answer that was stored with another type', async () => {
    const types = [GRAPHQL_TYPE, JSON_TYPE, GRAPHQL_TYPE];
    for (const type of types) {
      const answer = await get(environment, QUERY, { accept: type });
      assert.equal(answer.headers.get('content-type'), type);
      assert.match(answer.headers.get('vary') ?? '', /^Accept,/);
    }
  });

  it('of a browser gets the landing page, which no cache may store, with and without a stored answer', async () => {
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    for (let n = 0; n < 2; n++) {
      const page = await get(environment, QUERY, { accept });
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.equal(page.headers.get('cache-control'), 'no-store');
      assert.equal(page.headers.get('etag'), null);
      await get(environment, QUERY, {});
    }
  });

  it('may have any length', async () => {
    const accept = `${'x/y,'.repeat(2_000)}application/json`;
    for (let n = 0; n < 2; n++) {
      const answer = await get(environment, QUERY, { accept });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), JSON_TYPE);
    }
  });
});

const LONG = '{ notices { id title body publishedAt } }';
const SHORT = '{ notices { id } }';
/** A long private answer, for a viewer whose name is not in Latin script. */
const PRIVATE = '{ home { member { name } loans { title } notices { title body } } }';
/** Shorter answers are not compressed. */
const MIN_BYTES = 1_024;

const DECODE: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  none: (bytes) => bytes,
};

/** Sends exactly the given headers, and returns the bytes on the wire, which fetch would decode. */
async function getBytes(
  environment: AnyEnvironment,
  query: string,
  headers: Record<string, string> = {},
) {
  const url = urlOf(environment, query);
  const [response]: IncomingMessage[] = await once(request(url, { headers }).end(), 'response');
  assert.ok(response);
  const bytes = Buffer.concat(await response.toArray());
  const { 'content-encoding': coding = 'none' } = response.headers;
  return { coding, headers: response.headers, bytes };
}

const decoded = ({ coding, bytes }: Awaited<ReturnType<typeof getBytes>>): string =>
  (DECODE[coding]?.(bytes) ?? assert.fail(coding)).toString();

/** The content coding for each Accept-Encoding header. */
const CODINGS: readonly (readonly [acceptEncoding: string, coding: string])[] = [
  ['br', 'br'],
  ['gzip', 'gzip'],
  ['GZip', 'gzip'],
  ['gzip, br', 'br'],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip;q=1, br;q=0.5', 'gzip'],
  ['gzip;q=0.001', 'gzip'],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0.000, gzip;q=0', 'none'],
  ['*', 'br'],
  ['br;q=0, *', 'gzip'],
  ['*;q=0', 'none'],
  ['*;q=0, gzip', 'gzip'],
  ['identity;q=0, *;q=0', 'none'],
  ['identity;q=0', 'none'],
  ['identity', 'none'],
  ['identity, gzip;q=0.5', 'none'],
  ['identity;q=0.5, gzip;q=0.9', 'gzip'],
  ['zstd', 'none'],
  ['deflate, compress', 'none'],
  ['constructor, __proto__', 'none'],
  ['', 'none'],
  [' , ,', 'none'],
  ['brotli', 'none'],
  [`${'gzip,'.repeat(2_000)}br`, 'none'],
];

describe('Response compression', () => {
  const environment = shareCached(library);

  it('uses the coding that the client prefers, and decodes to the same bytes', async () => {
    const plain = await getBytes(environment, LONG);
    assert.equal(plain.coding, 'none');
    assert.ok(plain.bytes.length >= MIN_BYTES);
    for (const [acceptEncoding, coding] of CODINGS) {
      const label = acceptEncoding.slice(0, 40);
      const answer = await getBytes(environment, LONG, { 'accept-encoding': acceptEncoding });
      assert.equal(answer.coding, coding, label);
      assert.equal(decoded(answer), plain.bytes.toString(), label);
      assert.equal(answer.headers['content-length'], String(answer.bytes.length), label);
      assert.match(String(answer.headers.vary), /\bAccept-Encoding\b/, label);
      if (coding !== 'none') assert.ok(answer.bytes.length < plain.bytes.length, label);
    }
  });

  it('sends the answer for every malformed Accept-Encoding', async () => {
    const plain = await getBytes(environment, LONG);
    for (const acceptEncoding of [
      'gzip;q=banana',
      'gzip;q=-1, br;q=2',
      'gzip;;;q=1',
      ';q=1',
      'gzip;q="0.5"',
      'gzip br',
      '\t',
      '"gzip"',
      'gzip;level=9;q=0.1',
      '*;q=0.1;q=0.9',
    ]) {
      const answer = await getBytes(environment, LONG, { 'accept-encoding': acceptEncoding });
      assert.equal(decoded(answer), plain.bytes.toString(), acceptEncoding);
    }
  });

  it('is done once and reused for later requests over GET and POST', async () => {
    for (const coding of ['br', 'gzip']) {
      const headers = { 'accept-encoding': coding };
      const first = await getBytes(environment, LONG, headers);
      const second = await getBytes(environment, LONG, headers);
      assert.match(String(second.headers['cache-status']), /; hit;/);
      assert.equal(second.headers.etag, first.headers.etag);
      assert.ok(second.bytes.equals(first.bytes));
      const posted = await environment.send(LONG, { headers });
      assert.equal(posted.headers.get('content-encoding'), coding);
      assert.equal(posted.headers.get('content-length'), String(first.bytes.length));
      assert.deepEqual(posted.body, JSON.parse(decoded(first)));
    }
  });

  it('applies to the answer that is stored, as to later hits', async () => {
    const first = await getBytes(environment, LONG, { 'accept-encoding': 'gzip' });
    assert.equal(first.headers['cache-status'], 'frontdesk; fwd=uri-miss; stored');
    assert.equal(first.coding, 'gzip');
    const plain = await getBytes(environment, LONG);
    assert.equal(plain.bytes.toString(), decoded(first));
    assert.match(String(plain.headers['cache-status']), /; hit;/);
  });

  it('gives the same bytes to concurrent requests', async () => {
    const headers = { 'accept-encoding': 'br' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => getBytes(environment, LONG, headers)),
    );
    assert.equal(new Set(answers.map(decoded)).size, 1);
    assert.equal(new Set(answers.map((answer) => answer.headers.etag)).size, 1);
  });

  it('does not apply to short answers', async () => {
    for (let n = 0; n < 2; n++) {
      const answer = await getBytes(environment, SHORT, { 'accept-encoding': 'br, gzip' });
      assert.equal(answer.coding, 'none');
      assert.ok(answer.bytes.length < MIN_BYTES);
    }
  });

  it('applies to private answers, in any script', async () => {
    const viewer = await authorization(CAST.rightToLeft);
    const plain = await getBytes(environment, PRIVATE, viewer);
    assert.match(plain.bytes.toString(), /\p{Script=Arabic}/u);
    for (const coding of ['br', 'gzip']) {
      const answer = await getBytes(environment, PRIVATE, { ...viewer, 'accept-encoding': coding });
      assert.equal(answer.coding, coding);
      assert.equal(answer.headers['cache-control'], 'private, no-cache');
      assert.equal(decoded(answer), plain.bytes.toString());
    }
  });
});
