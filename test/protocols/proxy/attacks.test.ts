import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { exchangeBytes } from '../../attack/raw-connection.ts';
import { createListenerTls } from '../../support/certificates.ts';
import { createToken } from '../../support/environment.ts';
import { connectHttp2 } from '../../support/http2-client.ts';
import { recorder, startProxy } from './harness.ts';

/** Paths that another server could read as another path than this one does. */
const PATHS = [
  '/x/../secrets',
  '/x/..',
  '/x/.',
  '/x/%2e%2e/secrets',
  '/x/%2E%2E/secrets',
  '/x/.%2e/secrets',
  '/x/%2e',
  '/x/..%2fsecrets',
  '/x/a%2f..%2f..%2fsecrets',
  '/x/a%2Fb',
  '/x/..%5csecrets',
  '/x/a%5Cb',
  '/x/a\\b',
  '/x/..\\..\\secrets',
  '/x/%252e%252e/secrets',
  '/x/a%252fb',
  '/x/a%25',
  '/x/a%00',
  '/x/%00',
  '/x/a%0d%0aX-Injected:%201',
  '/x/a%7f',
  '/x/a;role=admin',
  '/x/..;/secrets',
  '/x/a%3brole=admin',
  '/x//secrets',
  '/x/',
  '/x/a//b',
  '/x/a/',
  '/x/...',
  '/x/a../b',
  '/x/%c0%ae%c0%ae/secrets',
  '/x/%ff',
  '/x/%zz',
  '/x/a%',
  '/x/a#b',
  '/x/a"b',
  '/x/a<b>',
  '/x/a?b#c',
  '/x/a?b=%',
  '/x/a?b=%zz',
  'http://169.254.169.254/x/1',
  'http://x/x/1',
  '//169.254.169.254/x/1',
];

/** Request headers that no service may get from a client. */
const SMUGGLED = {
  authorization: '',
  cookie: 'a=1',
  'x-viewer': 'forged',
  X_Viewer: 'forged',
  'x-viewer ': 'forged',
  'x.viewer': 'forged',
  forwarded: 'for=1.2.3.4;host=evil.example',
  'x-forwarded-for': '1.2.3.4',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-user': 'admin',
  'x-real-ip': '1.2.3.4',
  via: '1.1 evil',
  'client-cert': ':AAAA:',
  dpop: 'a.b.c',
  'keep-alive': 'timeout=1',
  te: 'trailers',
  trailer: 'x-late',
  upgrade: 'h2c',
  'http2-settings': 'AAMAAABkAAQAAP__',
  'proxy-authorization': 'Basic YTpi',
  'proxy-connection': 'keep-alive',
  'x-http-method-override': 'DELETE',
  'x-original-url': '/secrets',
  'x-rewrite-url': '/secrets',
  baggage: 'a=1',
  b3: '0',
  'cf-connecting-ip': '1.2.3.4',
  'early-data': '1',
  'max-forwards': '0',
  'remote-user': 'admin',
  'x-amzn-oidc-data': 'a.b.c',
  'x-auth-request-user': 'admin',
  'x-b3-sampled': '1',
  'x-envoy-original-path': '/secrets',
  'x-remote-user': 'admin',
  'x-user-id': '1',
  origin: 'https://evil.example',
  referer: 'https://evil.example/',
} as const;

describe('A pass-through route under attack', () => {
  const service = recorder();
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let token = '';
  before(async () => {
    proxy = await startProxy(service.handle, {}, { UPSTREAM_TOKEN: 'own-token' });
    token = await createToken('42');
  });
  after(() => proxy[Symbol.asyncDispose]());
  beforeEach(() => {
    service.seen.length = 0;
  });

  const send = (path: string, lines: readonly string[] = [], method = 'GET', body = '') =>
    exchangeBytes(
      proxy.url,
      [`${method} ${path} HTTP/1.1`, 'Host: x', ...lines, '', body].join('\r\n'),
    );

  for (const path of PATHS) {
    it(`refuses ${path}, and calls no service`, async () => {
      const { responses } = await send(path);
      assert.equal(responses.length, 1);
      assert.ok([400, 404].includes(responses[0]?.status ?? 0), `${responses[0]?.status}`);
      assert.deepEqual(service.seen, []);
    });
  }

  for (const [path, forwarded] of [
    ['/x/auth0%7Cabc', '/orders/auth0%7Cabc'],
    ['/x/%61%2Db', '/orders/a-b'],
    ['/%78/1', '/orders/1'],
    ['/x/a%20b/%C3%A9', '/orders/a%20b/%C3%A9'],
    ["/x/!$&'()*+,=:@~", "/orders/!%24%26'()*%2B%2C%3D%3A%40~"],
    ['/x/a?next=../../b&c=%2e%2e%2f', '/orders/a?next=../../b&c=%2e%2e%2f'],
    ['/x?a[]=1|2', '/orders?a[]=1|2'],
  ] as const) {
    it(`encodes the segments of ${path} anew`, async () => {
      const { responses } = await send(path);
      assert.equal(responses[0]?.status, 200);
      assert.equal(service.seen[0]?.url, forwarded);
    });
  }

  it('forwards no credential, no header about the connection and none about identity or routing', async () => {
    const { authorization: _own, ...others } = SMUGGLED;
    const lines = Object.entries(others)
      .filter(([name]) => !name.includes(' '))
      .map(([name, value]) => `${name}: ${value}`);
    await send('/x/1', [`Authorization: Bearer ${token}`, 'X-Kept: yes', ...lines]);
    assert.equal(service.seen.length, 1);
    const [{ headers }] = service.seen as [(typeof service.seen)[0]];
    assert.deepEqual(
      Object.keys(headers).sort(),
      [
        'accept-encoding',
        'authorization',
        'connection',
        'host',
        'user-agent',
        'x-kept',
        'x-request-id',
        'x-request-timeout-ms',
      ].sort(),
    );
    assert.equal(headers.authorization, 'Bearer own-token');
    assert.equal(headers['user-agent'], 'frontdesk');
    assert.equal(headers.connection, 'keep-alive');
    assert.match(String(headers.host), /^127\.0\.0\.1:/);
  });

  it('forwards no API key', async () => {
    const { responses } = await send('/x/1', ['X-API-Key: k']);
    assert.equal(responses[0]?.status, 401);
    assert.deepEqual(service.seen, []);
  });

  it('removes the headers that Connection names, and keeps its own', async () => {
    await send('/x/1', ['Connection: close, X-A, authorization, x-request-id', 'X-A: 1', 'X-B: 2']);
    const [seen] = service.seen;
    assert.equal(seen?.headers['x-a'], undefined);
    assert.equal(seen?.headers['x-b'], '2');
    assert.equal(seen?.headers.authorization, 'Bearer own-token');
    assert.match(String(seen?.headers['x-request-id']), /^[\w-]{36}$/);
  });

  it('takes the host of the service, whatever the client claims', async () => {
    await send('/x/1', ['X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example']);
    await send('/x/1', ['Host: evil.example']);
    assert.equal(service.seen.length, 1, 'two hosts are refused');
    assert.match(String(service.seen[0]?.headers.host), /^127\.0\.0\.1:/);
  });

  it('answers an Upgrade like any request', async () => {
    const { responses } = await send('/x/1', ['Connection: Upgrade', 'Upgrade: websocket']);
    assert.equal(responses[0]?.status, 200);
    assert.equal(service.seen[0]?.headers.upgrade, undefined);
  });

  for (const [what, lines, body] of [
    ['a length and chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n'],
    ['two lengths', ['Content-Length: 0', 'Content-Length: 4'], ''],
    ['an unknown transfer encoding', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
    ['chunks that are not last', ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'],
    ['a length that Connection names', ['Content-Length: 0', 'Connection: content-length'], ''],
    ['a body of a GET', ['Content-Length: 4'], 'abcd'],
  ] as const) {
    it(`forwards no second request after ${what}`, async () => {
      const method = what.includes('GET') ? 'GET' : 'POST';
      const smuggled = 'GET /x/smuggled HTTP/1.1\r\nX-Smuggled: 1\r\n\r\n';
      await send('/x/1', lines, method, body + smuggled);
      assert.deepEqual(
        service.seen.filter(({ url }) => url?.includes('smuggled')),
        [],
      );
      assert.ok(service.seen.every(({ body }) => !body.includes('smuggled')));
    });
  }

  it('frames a body anew: chunks arrive without their extensions and trailers', async () => {
    const chunked = ['Transfer-Encoding: chunked', 'Content-Type: text/plain', 'Trailer: X-Late'];
    const { responses } = await send(
      '/x/1',
      chunked,
      'POST',
      '3;extension=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\nX-Viewer: forged\r\n\r\n',
    );
    assert.equal(responses[0]?.status, 200);
    const [seen] = service.seen;
    assert.equal(seen?.body, 'abcde');
    assert.equal(seen?.headers['x-late'], undefined);
    assert.equal(seen?.headers['x-viewer'], undefined);
  });

  it('refuses huge headers and huge paths', async () => {
    for (const [path, lines] of [
      ['/x/1', [`X-A: ${'a'.repeat(100_000)}`]],
      [`/x/${'a'.repeat(100_000)}`, []],
    ] as const) {
      const { responses } = await send(path, lines);
      assert.equal(responses[0]?.status, 431);
    }
    assert.deepEqual(service.seen, []);
  });

  it('has no other method than those of its routes', async () => {
    for (const method of ['TRACE', 'CONNECT', 'OPTIONS', 'PROPFIND', 'QUERY']) {
      const { responses } = await send('/x/1', [], method);
      assert.ok((responses[0]?.status ?? 404) >= 400, method);
      if (method !== 'OPTIONS') continue;
      assert.equal(responses[0]?.headers.allow, 'DELETE, GET, HEAD, PATCH, POST, PUT');
    }
    assert.deepEqual(service.seen, []);
  });
});

describe('A response of a service under attack', () => {
  it('sets nothing that is about this server, its cookies, its caches or its pages', async () => {
    const { handle } = recorder({
      headers: {
        'access-control-allow-origin': '*',
        'alt-svc': 'h2="evil.example:443"',
        'cache-control': 'public, max-age=600',
        'clear-site-data': '"*"',
        connection: 'close, x-hop',
        'content-security-policy': 'default-src *',
        link: '<http://10.0.0.1/orders?after=7>; rel=next',
        location: 'http://10.0.0.1/orders/7',
        'proxy-authenticate': 'Basic',
        refresh: '0;url=http://evil.example',
        server: 'orders/1.0',
        'set-cookie': ['a=1', '__Host-session=evil'],
        'strict-transport-security': 'max-age=0',
        'surrogate-key': 'everything',
        'www-authenticate': 'Basic',
        'x-backend-server': '10.0.0.1',
        'x-envoy-upstream-service-time': '3',
        'x-hop': '1',
        'x-kept': 'yes',
        'x-powered-by': 'php',
        'x-request-id': 'theirs',
        'x-served-by': 'orders-7f9c.internal',
        x_odd: '1',
      },
    });
    await using proxy = await startProxy(handle);
    const { headers } = await fetch(`${proxy.url}/x/1`);
    const framing = ['content-length', 'transfer-encoding'];
    const names = [...headers.keys()].filter((name) => !framing.includes(name));
    assert.deepEqual(names.sort(), [
      'cache-control',
      'cache-status',
      'connection',
      'content-security-policy',
      'content-type',
      'cross-origin-resource-policy',
      'date',
      'keep-alive',
      'referrer-policy',
      'x-content-type-options',
      'x-kept',
      'x-request-id',
    ]);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.notEqual(headers.get('x-request-id'), 'theirs');
  });

  for (const [directives, expected] of [
    ['public, max-age=600', 'no-store'],
    ['private, no-store', 'no-store'],
    ['private, max-age=600', 'private, no-cache'],
    ['no-cache', 'private, no-cache'],
  ] as const) {
    it(`with Cache-Control: ${directives} is sent with ${expected}`, async () => {
      const { handle } = recorder({ headers: { 'cache-control': directives, vary: 'X-A' } });
      await using proxy = await startProxy(handle);
      const { headers } = await fetch(`${proxy.url}/x/1`);
      assert.equal(headers.get('cache-control'), expected);
      assert.match(headers.get('vary') ?? '', expected === 'no-store' ? /^X-A$/ : /^X-A, Auth/);
    });
  }

  for (const [location, expected] of [
    ['/orders/7', '/x/7'],
    ['/orders?after=7', '/x?after=7'],
    ['/ordersecrets', null],
    ['//evil.example/orders', null],
  ] as const) {
    it(`with Location: ${location} is sent with ${expected ?? 'none'}`, async () => {
      const { handle } = recorder({ status: 201, headers: { location } });
      await using proxy = await startProxy(handle);
      const { status, headers } = await fetch(`${proxy.url}/x`, { method: 'POST' });
      assert.deepEqual([status, headers.get('location')], [201, expected]);
    });
  }
});

describe('A pass-through route over HTTP/2', () => {
  it('forwards a body without a length, and no pseudo-headers', async () => {
    const { handle, seen } = recorder();
    const { env, ca } = await createListenerTls();
    await using proxy = await startProxy(handle, {}, env);
    using client = await connectHttp2(proxy.url, ca);
    const { status, text } = await client.request(
      { ':method': 'POST', ':path': '/x/1', 'content-type': 'text/plain', te: 'trailers' },
      'abc',
    );
    assert.deepEqual([status, text], [200, '{"id":"1"}']);
    const [request] = seen;
    assert.equal(request?.body, 'abc');
    assert.ok(Object.keys(request?.headers ?? {}).every((name) => /^[a-z-]+$/.test(name)));
    assert.equal(request?.headers.te, undefined);
  });
});
