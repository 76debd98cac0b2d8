import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const LONG = '{ announcements { id title body publishedAt } }';
const SHORT = '{ announcements { id } }';
/** An answer for one viewer that is long, for a viewer whose name is not in Latin letters. */
const MINE = {
  web: '{ viewer { user { name } notifications(first: 20) { edges { node { title body } } } } }',
  mobile: '{ dashboard { user { name } notifications(first: 20) { title body } } }',
};
const LEAST_BYTES = 1_024;

const DECODE: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  gzip: gunzipSync,
  none: (bytes) => bytes,
};

/** What is on the wire, which fetch would decode; and nothing is sent that was not given. */
async function get({ endpoint }: World, query: string, headers: Record<string, string> = {}) {
  const address = `${endpoint}?${new URLSearchParams({ query })}`;
  const [response]: IncomingMessage[] = await once(request(address, { headers }).end(), 'response');
  assert.ok(response);
  const bytes = Buffer.concat(await response.toArray());
  const { 'content-encoding': coding = 'none' } = response.headers;
  return { coding, headers: response.headers, bytes };
}

const decoded = ({ coding, bytes }: Awaited<ReturnType<typeof get>>): string =>
  (DECODE[coding]?.(bytes) ?? assert.fail(coding)).toString();

/** What a client accepts, and what it gets. */
const CHOICES: readonly (readonly [accepted: string, coding: string])[] = [
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

for (const bff of [web, mobile]) {
  test(`${bff.name}: the client's favourite coding is used, and the bytes are the same`, async () => {
    await using world = await startWorld(bff, CACHED);
    const plain = await get(world, LONG);
    assert.equal(plain.coding, 'none');
    assert.ok(plain.bytes.length >= LEAST_BYTES);
    for (const [accepted, coding] of CHOICES) {
      const what = accepted.slice(0, 40);
      const answer = await get(world, LONG, { 'accept-encoding': accepted });
      assert.equal(answer.coding, coding, what);
      assert.equal(decoded(answer), plain.bytes.toString(), what);
      assert.equal(answer.headers['content-length'], String(answer.bytes.length), what);
      assert.match(String(answer.headers.vary), /\bAccept-Encoding\b/, what);
      if (coding !== 'none') assert.ok(answer.bytes.length < plain.bytes.length, what);
    }
  });

  test(`${bff.name}: no header of any form gets anything but the answer`, async () => {
    await using world = await startWorld(bff, CACHED);
    const plain = await get(world, LONG);
    for (const accepted of [
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
      const answer = await get(world, LONG, { 'accept-encoding': accepted });
      assert.equal(decoded(answer), plain.bytes.toString(), accepted);
    }
  });

  test(`${bff.name}: a form that was made once is sent again, over GET and POST`, async () => {
    await using world = await startWorld(bff, CACHED);
    for (const coding of ['br', 'gzip']) {
      const headers = { 'accept-encoding': coding };
      const first = await get(world, LONG, headers);
      const second = await get(world, LONG, headers);
      assert.match(String(second.headers['cache-status']), /; hit;/);
      assert.equal(second.headers.etag, first.headers.etag);
      assert.ok(second.bytes.equals(first.bytes));
      const posted = await world.ask(LONG, { headers });
      assert.equal(posted.headers.get('content-encoding'), coding);
      assert.equal(posted.headers.get('content-length'), String(first.bytes.length));
      assert.deepEqual(posted.body, JSON.parse(decoded(first)));
    }
  });

  test(`${bff.name}: the answer that is stored is compressed as those after it`, async () => {
    await using world = await startWorld(bff, CACHED);
    const first = await get(world, LONG, { 'accept-encoding': 'gzip' });
    assert.equal(first.headers['cache-status'], 'frontdesk; fwd=uri-miss; stored');
    assert.equal(first.coding, 'gzip');
    const plain = await get(world, LONG);
    assert.equal(plain.bytes.toString(), decoded(first));
    assert.match(String(plain.headers['cache-status']), /; hit;/);
  });

  test(`${bff.name}: many who ask for the same form at once get the same bytes`, async () => {
    await using world = await startWorld(bff, CACHED);
    const headers = { 'accept-encoding': 'br' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(world, LONG, headers)));
    assert.equal(new Set(answers.map(decoded)).size, 1);
    assert.equal(new Set(answers.map((answer) => answer.headers.etag)).size, 1);
  });

  test(`${bff.name}: short answers are sent as they are`, async () => {
    await using world = await startWorld(bff, CACHED);
    for (let n = 0; n < 2; n++) {
      const answer = await get(world, SHORT, { 'accept-encoding': 'br, gzip' });
      assert.equal(answer.coding, 'none');
      assert.ok(answer.bytes.length < LEAST_BYTES);
    }
  });

  test(`${bff.name}: a viewer's own is compressed as well, in any script`, async () => {
    await using world = await startWorld(bff, CACHED);
    const viewer = await authorization(CAST.rightToLeft);
    const query = MINE[bff.name as keyof typeof MINE];
    const plain = await get(world, query, viewer);
    assert.match(plain.bytes.toString(), /\p{Script=Arabic}/u);
    for (const coding of ['br', 'gzip']) {
      const answer = await get(world, query, { ...viewer, 'accept-encoding': coding });
      assert.equal(answer.coding, coding);
      assert.equal(answer.headers['cache-control'], 'private, no-cache');
      assert.equal(decoded(answer), plain.bytes.toString());
    }
  });
}
