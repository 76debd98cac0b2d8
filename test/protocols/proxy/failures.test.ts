import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type RequestListener, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { createCertificates } from '../../support/certificates.ts';
import { until } from '../../support/until.ts';
import { OPEN, startProxy, startService } from './harness.ts';

const get = async (url: string, init: RequestInit = {}) => {
  const response = await fetch(`${url}/x/1`, init);
  return { status: response.status, text: await response.text() };
};

const answering =
  (status: number, headers = {}, body = 'secret'): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

/** What a service does, and what the client gets: status, code, and for a write whether it is unknown. */
const FAILURES: readonly (readonly [string, RequestListener, number, string, boolean])[] = [
  ['fails', answering(500), 503, 'UPSTREAM_UNAVAILABLE', true],
  ['is overloaded', answering(503), 503, 'UPSTREAM_UNAVAILABLE', true],
  ['refuses the credential', answering(401), 503, 'UPSTREAM_UNAVAILABLE', false],
  ['refuses too many calls', answering(429), 503, 'UPSTREAM_UNAVAILABLE', false],
  ['redirects', answering(302, { location: '/y' }), 503, 'UPSTREAM_UNAVAILABLE', true],
  [
    'closes the connection',
    ({ socket }) => void socket.destroy(),
    503,
    'UPSTREAM_UNAVAILABLE',
    true,
  ],
  [
    'sends what is not HTTP',
    ({ socket }) => void socket.end('HELLO\r\n\r\n'),
    502,
    'UPSTREAM_UNAVAILABLE',
    true,
  ],
  [
    'sends huge headers',
    answering(200, { 'x-a': 'a'.repeat(30_000) }),
    502,
    'UPSTREAM_UNAVAILABLE',
    true,
  ],
  [
    'switches protocols',
    ({ socket }) =>
      void socket.write('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    503,
    'UPSTREAM_UNAVAILABLE',
    true,
  ],
];

describe('A pass-through route whose service', () => {
  for (const [what, handle, status, code, isUnknown] of FAILURES) {
    it(`${what} answers with an error of its own, after one attempt`, async () => {
      let requests = 0;
      await using proxy = await startProxy((request, response) => {
        requests++;
        handle(request, response);
      });
      const read = await get(proxy.url);
      assert.equal(read.status, status, read.text);
      assert.match(read.text, new RegExp(`"code":"${code}"`));
      assert.doesNotMatch(read.text, /secret|127\.0\.0\.1|outcome/);
      const write = await get(proxy.url, { method: 'POST' });
      assert.equal(write.status, status);
      assert.equal(/outcome of this change is unknown/.test(write.text), isUnknown, write.text);
      assert.equal(requests, 2, 'nothing is repeated');
    });
  }

  for (const status of [400, 403, 404, 409, 410, 422]) {
    it(`answers with ${status} passes it on`, async () => {
      await using proxy = await startProxy(answering(status, {}, '{"code":"theirs"}'));
      assert.deepEqual(await get(proxy.url), { status, text: '{"code":"theirs"}' });
    });
  }

  it('cannot be reached answers a write with an error that leaves no doubt', async () => {
    const gone = await startService(answering(200));
    await gone[Symbol.asyncDispose]();
    await using proxy = await startProxy(answering(200), {}, { ORDER_SERVICE_URL: gone.url });
    const write = await get(proxy.url, { method: 'POST', body: 'a'.repeat(1_000_000) });
    assert.equal(write.status, 503);
    assert.doesNotMatch(write.text, /outcome/);
  });

  it('hangs answers with a timeout: after the attempt timeout, or the deadline of the request', async () => {
    const env = { UPSTREAM_ATTEMPT_TIMEOUT_MS: '100' };
    await using proxy = await startProxy(() => {}, {}, env);
    const read = await get(proxy.url);
    assert.equal(read.status, 504);
    const headers = { 'x-request-timeout-ms': '100' };
    const write = await get(proxy.url, { method: 'POST', headers });
    assert.equal(write.status, 504);
    assert.match(write.text, /outcome of this change is unknown/);
  });

  it('has not answered yet is told when the client leaves', async () => {
    const arrived = Promise.withResolvers<void>();
    let isClosed = false;
    const env = { UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000', REQUEST_DEADLINE_MS: '120000' };
    await using proxy = await startProxy(
      ({ socket }) => {
        arrived.resolve();
        socket.once('close', () => {
          isClosed = true;
        });
      },
      {},
      env,
    );
    const { hostname, port } = new URL(proxy.url);
    const outgoing = request({ hostname, port, path: '/x/1', agent: false }).end();
    outgoing.on('error', () => {});
    await arrived.promise;
    outgoing.destroy();
    await until(() => isClosed);
  });

  it('fails with a body that does not end is not read any further', async () => {
    let open = 0;
    await using proxy = await startProxy((_request, response) => {
      open++;
      response.once('close', () => open--);
      response.writeHead(500).write(Buffer.alloc(8 * 1024 * 1024));
    });
    assert.equal((await get(proxy.url)).status, 503);
    await until(() => open === 0);
  });

  it('keeps failing is not called any more: its circuit opens', async () => {
    let requests = 0;
    await using proxy = await startProxy((_request, response) => {
      requests++;
      response.writeHead(500).end();
    });
    for (let n = 0; n < 30; n++) assert.equal((await get(proxy.url)).status, 503);
    assert.ok(requests < 30, `${requests} calls`);
    const metrics = await proxy.metrics.registry.metrics();
    assert.match(
      metrics,
      /circuit_state\{upstream="order",operation="read \/x\/\*",state="open"\} 1/,
    );
    assert.match(
      metrics,
      /calls_total\{upstream="order",operation="read \/x\/\*",outcome="status"\}/,
    );
  });

  it('has several instances is balanced, and a failing one is ejected', async () => {
    const counts = [0, 0];
    const count = (n: number, status: number) =>
      startService((_request, response) => {
        counts[n] = (counts[n] ?? 0) + 1;
        response.writeHead(status).end('{}');
      });
    await using healthy = await count(0, 200);
    await using failing = await count(1, 503);
    const urls = { ORDER_SERVICE_URL: `${healthy.url},${failing.url}` };
    await using proxy = await startProxy(answering(200), {}, urls);
    for (let n = 0; n < 12; n++) await get(proxy.url);
    assert.equal(counts[1], 3, 'ejected after three failures');
    assert.equal(counts[0], 9);
  });

  it('breaks a response off before its first byte answers with an error of its own', async () => {
    await using proxy = await startProxy(({ socket }) => {
      const head =
        'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: "1"\r\nContent-Length: 9\r\n\r\n';
      socket.end(head);
    });
    const response = await fetch(`${proxy.url}/x/1`);
    assert.equal(response.status, 502);
    assert.equal(response.headers.get('etag'), null);
    assert.match(await response.text(), /"code":"UPSTREAM_UNAVAILABLE"/);
  });

  it('breaks a response off counts as a failed call', async () => {
    await using proxy = await startProxy((request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => request.socket.destroy());
    });
    await assert.rejects(get(proxy.url));
    await until(async () =>
      (await proxy.metrics.registry.metrics()).includes(
        'calls_total{upstream="order",operation="read /x/*",outcome="connection"} 1',
      ),
    );
  });

  it('speaks TLS is verified, and gets the certificate of the BFF', async () => {
    await using certificates = await createCertificates();
    const authority = await certificates.authority();
    const { cert, key } = await certificates.issue(authority);
    const [certificate, privateKey, ca] = await Promise.all(
      [cert, key, authority.cert].map((path) => readFile(path, 'utf8')),
    );
    const server = createTlsServer(
      { cert: certificate, key: privateKey, ca, requestCert: true, rejectUnauthorized: true },
      answering(200, {}, '{}'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://localhost:${(server.address() as AddressInfo).port}`;
    const trusting = {
      ORDER_SERVICE_URL: url,
      UPSTREAM_CA: authority.cert,
      UPSTREAM_CERT: cert,
      UPSTREAM_KEY: key,
    };
    {
      await using proxy = await startProxy(answering(200), {}, trusting);
      assert.equal((await get(proxy.url)).status, 200);
    }
    {
      await using proxy = await startProxy(answering(200), {}, { ORDER_SERVICE_URL: url });
      assert.equal((await get(proxy.url)).status, 503);
    }
    server.closeAllConnections();
    server.close();
  });
});

describe('A write through a pass-through route', () => {
  const purges = ['User:{id}'];
  const routes = [{ ...OPEN, path: '/x/{id}', target: '/x/{id}', purges }] as const;
  const QUERY = '{ profile(id: "7") { name } }';

  for (const [what, handle, isPurged] of [
    ['succeeds', answering(200, {}, '{}'), true],
    ['has an unknown outcome', answering(500), true],
    ['is refused', answering(409), false],
  ] as const) {
    it(`that ${what} purges ${isPurged ? 'its tags' : 'nothing'}`, async () => {
      await using proxy = await startProxy(handle, routes, { CACHE_MEMORY_MB: '8' });
      const read = async () => (await proxy.send(QUERY)).headers.get('cache-status') ?? '';
      await read();
      assert.match(await read(), /hit/);
      await fetch(`${proxy.url}/x/7`, { method: 'POST' });
      const after = await read();
      if (isPurged) assert.doesNotMatch(after, /hit/);
      else assert.match(after, /hit/);
    });
  }

  it('whose client leaves purges its tags, and keeps them from being stored for a while', async () => {
    const arrived = Promise.withResolvers<void>();
    const env = { CACHE_MEMORY_MB: '8' };
    await using proxy = await startProxy(() => arrived.resolve(), routes, env);
    const read = async () => (await proxy.send(QUERY)).headers.get('cache-status') ?? '';
    await read();
    assert.match(await read(), /hit/);
    const { hostname, port } = new URL(proxy.url);
    const options = { hostname, port, path: '/x/7', method: 'POST', agent: false };
    const outgoing = request(options).end();
    outgoing.on('error', () => {});
    await arrived.promise;
    outgoing.destroy();
    await until(async () => !/hit/.test(await read()));
    assert.doesNotMatch(await read(), /hit|stored/);
  });
});
