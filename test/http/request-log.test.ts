import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import pino from 'pino';
import { createEntry } from '../../src/cache/entry.ts';
import { ResponseCache, TagVersions } from '../../src/cache/index.ts';
import { createApp } from '../../src/http/create-app.ts';
import { createResponseSender } from '../../src/protocols/send-response.ts';
import { until } from '../support/until.ts';

/** Starts an application whose log lines are kept. */
async function startLogged() {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const app = createApp({ log: pino({}, stream), notFoundMessage: () => 'Nothing.' });
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  lines.length = 0;
  return {
    /** Sends a request. @returns its line; there must be no other */
    async lineOf(path: string, headers: Record<string, string> = {}) {
      // Not fetch, which refuses to send some headers.
      const [response] = await once(get(`${address}${path}`, { headers }), 'response');
      response.resume();
      await once(response, 'end');
      await until(() => lines.length > 0);
      const [line, ...others] = lines.splice(0).map((text) => JSON.parse(text));
      assert.deepEqual(others, []);
      return line;
    },
    /** Sends a request with this target, as it is. */
    async rawLineOf(target: string) {
      const { hostname, port } = new URL(address);
      const socket = connect(Number(port), hostname);
      socket.end(`GET ${target} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n`);
      await once(socket.resume(), 'close');
      await until(() => lines.length > 0);
      return JSON.parse(lines.splice(0)[0] as string);
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

describe('The log entry of a request', () => {
  it('has the request, its client and the outcome, and nothing of the query or the credentials', async () => {
    await using app = await startLogged();
    const line = await app.lineOf('/missing?a=b', {
      'x-request-id': 'abc',
      'apollographql-client-name': 'shop-web',
      'apollographql-client-version': '1.2.3',
      authorization: 'Bearer secret',
    });
    const { time, pid, hostname, durationMs, ...others } = line;
    assert.deepEqual(others, {
      level: 30,
      reqId: 'abc',
      req: {
        method: 'GET',
        path: '/missing',
        address: '127.0.0.1',
        client: 'shop-web',
        clientVersion: '1.2.3',
      },
      status: 404,
      errorCodes: ['NOT_FOUND'],
      msg: 'request completed',
    });
    assert.equal(pid, process.pid);
    assert.ok(hostname.length > 0 && durationMs >= 0 && Math.abs(Date.now() - time) < 60_000);
  });

  it('has no client name that is not printable ASCII of at most 64 characters', async () => {
    await using app = await startLogged();
    for (const name of ['', 'x'.repeat(65), 'ünïcode']) {
      const headers = { 'apollographql-client-name': Buffer.from(name).toString('latin1') };
      assert.equal((await app.lineOf('/', headers)).req.client, undefined);
    }
  });

  it('has no credentials of an absolute URL, and no more than the start of a long path', async () => {
    await using app = await startLogged();
    const { req } = await app.lineOf(`/${'x'.repeat(2_000)}`);
    assert.equal(req.path.length, 256);
    const absolute = await app.rawLineOf('http://user:password@shop.example/missing');
    assert.doesNotMatch(JSON.stringify(absolute), /password/);
  });

  it('is one line of JSON, whatever the client sends', async () => {
    await using app = await startLogged();
    const name = String.raw`a"b\c","level":60,"x":"{}`;
    const line = await app.lineOf(`/%22,%22level%22:60/"\\{}\u0000`, {
      'apollographql-client-name': name,
    });
    assert.equal(line.level, 30);
    assert.equal(line.req.client, name);
  });

  it('has the refusal of an unknown expectation', async () => {
    await using app = await startLogged();
    const line = await app.lineOf('/', { expect: '200-miracle' });
    assert.deepEqual([line.status, line.errorCodes], [417, ['BAD_REQUEST']]);
  });

  it('of a public response has the request id of the client and that of the response', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const app = createApp({ log: pino({}, stream), notFoundMessage: () => 'Nothing.' });
    const stale = { whileRevalidate: 0, ifError: 0 };
    const log = pino({ level: 'silent' });
    const cache = new ResponseCache({
      store: undefined,
      tagVersions: new TagVersions(),
      stale,
      log,
    });
    const send = createResponseSender({
      cache,
      shared: { ...stale, arePurged: false, hasAllPurges: () => true },
      closeIfDraining() {},
    });
    const policy = { maxAge: 60, scope: 'public', tags: [] } as const;
    const entry = createEntry('{"data":{}}', { ...policy, version: 0, startedAt: 0 });
    app.get('/public', (request, reply) => {
      const info = { rateLimit: {}, reason: 'uri-miss', errorCodes: [] } as const;
      const response = { kind: 'shared', cacheStatus: 'hit', entry, key: 'k', ...info } as const;
      void send.shared(request, reply, response, 'application/json');
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
