import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pino from 'pino';
import { createEntry } from '../../src/cache/entry.ts';
import { ResponseCache, TagVersions } from '../../src/cache/index.ts';
import { createApp } from '../../src/http/create-app.ts';
import { createResponseSender } from '../../src/protocols/graphql-over-http/send-response.ts';
import { describeRequest } from '../../src/telemetry/log.ts';

const REQUEST = { method: 'GET', url: '/graphql?query={me}', ip: '192.0.2.1', headers: {} };

describe('The log entry of a request', () => {
  it('has the client, and nothing of the query or the credentials', () => {
    const headers = {
      'apollographql-client-name': 'shop-web',
      'apollographql-client-version': '1.2.3',
      authorization: 'Bearer secret',
    };
    assert.deepEqual(describeRequest({ ...REQUEST, headers }), {
      method: 'GET',
      path: '/graphql',
      address: '192.0.2.1',
      client: 'shop-web',
      clientVersion: '1.2.3',
    });
  });

  it('has no client name that is not printable ASCII of at most 64 characters', () => {
    for (const name of ['', 'x'.repeat(65), 'two\nlines', 'ünïcode', ['a', 'b']]) {
      const headers = { 'apollographql-client-name': name };
      assert.equal(describeRequest({ ...REQUEST, headers }).client, undefined);
    }
  });

  it('is written once, with the status and the duration', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const serializers = { req: describeRequest };
    const app = createApp({
      logger: { level: 'info', stream, serializers },
      notFoundMessage: 'Nothing.',
    });
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    lines.length = 0;

    const headers = { 'x-request-id': 'abc' };
    await (await fetch(`${address}/missing?a=b`, { headers })).text();
    await app.close();

    const [line, ...others] = lines.map((text) => JSON.parse(text));
    assert.deepEqual(others, []);
    assert.equal(line.reqId, 'abc');
    assert.equal(line.req.path, '/missing');
    assert.equal(line.status, 404);
    assert.ok(line.durationMs >= 0);
  });

  it('of a public response has the request id of the client and that of the response', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const app = createApp({ logger: { level: 'info', stream }, notFoundMessage: 'Nothing.' });
    const stale = { whileRevalidate: 0, ifError: 0 };
    const log = pino({ level: 'silent' });
    const cache = new ResponseCache({
      store: undefined,
      tagVersions: new TagVersions(),
      stale,
      log,
    });
    const send = createResponseSender({ cache, stale, closeIfDraining() {} });
    const policy = { maxAge: 60, scope: 'public', tags: [] } as const;
    const entry = createEntry('{"data":{}}', { ...policy, version: 0, startedAt: 0 });
    app.get('/public', (request, reply) => {
      const info = { rateLimit: {}, reason: 'uri-miss', errorCodes: [] } as const;
      const response = { kind: 'shared', cacheStatus: 'hit', entry, key: 'k', ...info } as const;
      void send.operation(request, reply, response, 'application/json');
    });
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    lines.length = 0;

    const given = await fetch(`${address}/public`, { headers: { 'x-request-id': 'abc' } });
    const made = await fetch(`${address}/public`);
    await app.close();

    const [one, another, ...others] = lines.map((text) => JSON.parse(text));
    assert.deepEqual(others, []);
    assert.equal(one.reqId, 'abc');
    assert.equal(one.publicRequestId, given.headers.get('x-request-id'));
    assert.equal(another.reqId, made.headers.get('x-request-id'));
    assert.equal(another.publicRequestId, undefined);
  });
});
