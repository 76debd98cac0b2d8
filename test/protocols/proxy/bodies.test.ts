import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createJsonChange } from '../../../src/protocols/proxy/json-rules.ts';
import { exchangeBytes } from '../../attack/raw-connection.ts';
import { recorder, startProxy } from './harness.ts';

const MIB = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };
/** A JSON text whose bytes are not UTF-8. */
const LATIN1 = Buffer.from('{"email":"a","name":"caf\xe9"}', 'latin1');
const RULES = {
  json: {
    request: { remove: ['role'], rename: { name: 'fullName' } },
    response: { remove: ['email', 'items.cost'], rename: { fullName: 'name' } },
  },
  headers: {
    request: { remove: ['x-gone'], rename: { 'x-old': 'x-new' }, add: { 'x-added': '1' } },
    response: { remove: ['x-inner'], rename: { 'x-was': 'x-is' }, add: { 'x-by': 'bff' } },
  },
} as const;

describe('The rules of a pass-through route', () => {
  it('change headers in both directions', async () => {
    const headers = { 'x-inner': '1', 'x-was': '2' };
    const { handle, seen } = recorder({ headers });
    await using proxy = await startProxy(handle, { headers: RULES.headers });
    const response = await fetch(`${proxy.url}/x/1`, {
      headers: { 'x-gone': '1', 'x-old': '2', 'x-added': '3' },
    });
    const got = (name: string) => seen[0]?.headers[name];
    assert.deepEqual(['x-gone', 'x-old', 'x-new', 'x-added'].map(got), [
      undefined,
      undefined,
      '2',
      '1',
    ]);
    assert.deepEqual(
      ['x-inner', 'x-was', 'x-is', 'x-by'].map((name) => response.headers.get(name)),
      [null, null, '2', 'bff'],
    );
  });

  it('change JSON bodies in both directions', async () => {
    const body = '{"fullName":"A","email":"a@b","items":[{"cost":1,"id":12345678901234567890}]}';
    const { handle, seen } = recorder({ body, headers: { etag: '"1"' } });
    await using proxy = await startProxy(handle, { json: RULES.json });
    const response = await fetch(`${proxy.url}/x/1`, {
      method: 'POST',
      headers: { ...JSON_TYPE, 'if-none-match': '"1"', range: 'bytes=0-1' },
      body: '{"name":"A","role":"staff","role":"admin"}',
    });
    assert.equal(seen[0]?.body, '{"fullName":"A"}');
    assert.equal(seen[0]?.headers['accept-encoding'], 'identity');
    assert.equal(seen[0]?.headers['if-none-match'], undefined);
    assert.equal(seen[0]?.headers.range, undefined);
    assert.equal(await response.text(), '{"items":[{"id":12345678901234567890}],"name":"A"}');
    assert.equal(response.headers.get('etag'), null);
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  });

  it('leave responses without a body alone', async () => {
    const { handle } = recorder({ status: 204 });
    await using proxy = await startProxy(handle, { json: RULES.json });
    assert.equal((await fetch(`${proxy.url}/x/1`, { method: 'DELETE' })).status, 204);
    assert.equal((await fetch(`${proxy.url}/x/1`, { method: 'HEAD' })).status, 204);
  });

  it('leave the empty response to a write alone', async () => {
    await using proxy = await startProxy((_request, response) => response.writeHead(201).end(), {
      json: RULES.json,
    });
    const response = await fetch(`${proxy.url}/x/1`, { method: 'POST' });
    assert.equal(response.status, 201);
    assert.equal(await response.text(), '');
  });

  it('take a body with a byte order mark', async () => {
    const { handle } = recorder({ body: '\ufeff{"fullName":"A","email":"a@b"}' });
    await using proxy = await startProxy(handle, { json: RULES.json });
    assert.equal(await (await fetch(`${proxy.url}/x/1`)).text(), '{"name":"A"}');
  });

  for (const [what, headers, body, status] of [
    ['is not JSON', JSON_TYPE, '{"role":', 400],
    ['is nested too deeply', JSON_TYPE, '['.repeat(500_000) + ']'.repeat(500_000), 400],
    ['is not UTF-8', JSON_TYPE, LATIN1, 400],
    ['has another type', { 'content-type': 'text/plain' }, '{"role":"x"}', 415],
    ['is compressed', { ...JSON_TYPE, 'content-encoding': 'gzip' }, '{"role":"x"}', 415],
    ['has more than 1 MiB', JSON_TYPE, JSON.stringify('a'.repeat(MIB)), 413],
  ] as const) {
    it(`refuse a request whose body ${what}`, async () => {
      const { handle, seen } = recorder();
      await using proxy = await startProxy(handle, { json: RULES.json });
      const response = await fetch(`${proxy.url}/x/1`, { method: 'POST', headers, body });
      assert.equal(response.status, status);
      assert.match(await response.text(), /"code":"BAD_REQUEST"/);
      assert.deepEqual(seen, []);
    });
  }

  for (const [what, answer] of [
    ['is not JSON', { body: '{"email":' }],
    ['is nested too deeply', { body: '['.repeat(500_000) + ']'.repeat(500_000) }],
    ['is not UTF-8', { body: LATIN1 }],
    ['has another type', { headers: { 'content-type': 'text/html' }, body: 'email' }],
    ['is compressed', { headers: { 'content-encoding': 'gzip' } }],
    ['has more than 1 MiB', { body: JSON.stringify({ email: 'a'.repeat(MIB) }) }],
  ] as const) {
    it(`withhold a response whose body ${what}`, async () => {
      const { handle } = recorder(answer);
      await using proxy = await startProxy(handle, { json: { response: { remove: ['email'] } } });
      const response = await fetch(`${proxy.url}/x/1`);
      assert.equal(response.status, 502);
      const text = await response.text();
      assert.match(text, /"code":"UPSTREAM_UNAVAILABLE"/);
      assert.doesNotMatch(text, /email/);
    });
  }
});

describe('A route without rules', () => {
  it('passes on compressed bytes of any type as they are', async () => {
    const bytes = gzipSync('hello');
    await using proxy = await startProxy((request, response) => {
      response.writeHead(200, { 'content-type': 'text/csv', 'content-encoding': 'gzip' });
      request.pipe(response);
    });
    const response = await fetch(`${proxy.url}/x/1`, { method: 'PUT', body: bytes });
    assert.equal(await response.text(), 'hello');
    assert.equal(response.headers.get('content-encoding'), 'gzip');
  });
});

describe('A response without a body', () => {
  it('is passed on with the length of the body that it is about', async () => {
    await using proxy = await startProxy((_request, response) => {
      response.writeHead(304, { etag: '"1"', 'content-length': '400' }).end();
    });
    // fetch has no 304 without a cache.
    const { responses } = await exchangeBytes(proxy.url, 'GET /x/1 HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.equal(responses[0]?.status, 304);
    assert.equal(responses[0]?.headers.etag, '"1"');
    assert.equal(responses[0]?.headers['content-length'], '400');
  });
});

describe('A change of JSON', () => {
  it('removes and renames fields by their paths, in lists as well', () => {
    const change = createJsonChange({
      remove: ['a.b', 'list.secret', '__proto__'],
      rename: { 'list.old': 'new', kept: '__proto__' },
    });
    const before =
      '{"a":{"b":1,"c":2},"b":3,"list":[{"secret":1,"old":2},[{"secret":3}],null,4],"__proto__":{"x":1},"kept":5}';
    assert.equal(
      change(Buffer.from(before)),
      '{"a":{"c":2},"b":3,"list":[{"new":2},[{}],null,4],"__proto__":5}',
    );
  });

  it('keeps numbers that JavaScript cannot represent', () => {
    const text = '[12345678901234567890,1.10,1e400,-0,0.1]';
    assert.equal(createJsonChange({})(Buffer.from(text)), text);
  });
});
