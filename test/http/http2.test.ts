import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants, type OutgoingHttpHeaders, type Settings } from 'node:http2';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, beforeEach, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { brotliDecompressSync } from 'node:zlib';
import { startBffProcess } from '../support/bff-process.ts';
import { createListenerTls } from '../support/certificates.ts';
import { authorization, createToken } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { connectHttp2, graphqlPath, type Http2Client } from '../support/http2-client.ts';
import {
  FLAG,
  FRAME,
  frame,
  headerBlock,
  openFrames,
  requestBlock,
} from '../support/http2-frames.ts';
import { sessionCookie } from '../support/session.ts';
import { until } from '../support/until.ts';
import { BYTES_PER_UNIT } from './charge-meter.ts';

const PAGE = 'https://shop.example';
const MEMBER = '{ member(id: "42") { name } }';
const HTTP2_FORBIDDEN = ['connection', 'keep-alive', 'transfer-encoding'];

describe('A BFF over HTTP/2', () => {
  let tls: Awaited<ReturnType<typeof createListenerTls>>;
  let environment: LibraryEnvironment;
  let client: Http2Client;
  before(async () => {
    tls = await createListenerTls();
    environment = await startLibrary({
      ...tls.env,
      CACHE_MEMORY_MB: '16',
      CORS_ORIGINS: PAGE,
      BATCH_MAX_OPERATIONS: '2',
      // Only a reset of the client ends a call.
      REQUEST_DEADLINE_MS: '600000',
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '300000',
    });
    client = await connectHttp2(environment.url, tls.ca);
  });
  after(async () => {
    client?.[Symbol.dispose]();
    await environment?.[Symbol.asyncDispose]();
    await tls?.[Symbol.asyncDispose]();
  });

  it('is chosen by ALPN', () => {
    assert.equal(client.session.alpnProtocol, 'h2');
    assert.match(environment.url, /^https:/);
  });

  it('answers a POST', async () => {
    const { status, text, headers } = await client.post({ query: MEMBER });
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), { data: { member: { name: 'Ada Castro' } } });
    assert.equal(headers['content-length'], String(text.length));
  });

  it('answers a GET from the cache, and HEAD and a condition without a body', async () => {
    const path = graphqlPath('{ member(id: "42") { name joinedAt } }');
    const first = await client.get(path);
    const hit = await client.get(path);
    assert.match(String(hit.headers['cache-status']), /hit/);
    assert.equal(hit.text, first.text);
    const conditional = await client.get(path, { 'if-none-match': hit.headers.etag });
    assert.deepEqual([conditional.status, conditional.text], [304, '']);
    const head = await client.request({ ':method': 'HEAD', ':path': path });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal(head.headers['content-length'], hit.headers['content-length']);
  });

  it('compresses what the client accepts', async () => {
    const path = graphqlPath(
      '{ a: notices { id title body } b: notices { id title body } c: notices { id title body } }',
    );
    const plain = await client.get(path);
    const compressed = await client.get(path, { 'accept-encoding': 'br' });
    assert.equal(compressed.headers['content-encoding'], 'br');
    assert.equal(brotliDecompressSync(compressed.bytes).toString(), plain.text);
    const again = await client.get(path, { 'accept-encoding': 'br' });
    assert.deepEqual(again.bytes, compressed.bytes);
  });

  it('sends stored and other bodies larger than the window of the client', async () => {
    const settings = { initialWindowSize: 100 };
    using slow = await connectHttp2(environment.url, tls.ca, { settings });
    const notices = graphqlPath('{ notices { id title body } }');
    const [first, stored] = [await slow.get(notices), await slow.get(notices)];
    assert.ok(first.bytes.length > 1_000);
    assert.match(String(stored.headers['cache-status']), /hit/);
    assert.deepEqual(stored.bytes, first.bytes);
    const { status, text } = await slow.post({ query: '{ __schema { types { name } } }' });
    assert.equal(status, 200);
    assert.ok(JSON.parse(text).data.__schema.types.length > 10);
  });

  it('answers partially if an upstream fails', async () => {
    environment.services.lending.control.faults({ notices: { status: 500 } });
    const { status, text } = await client.post({
      query: '{ member(id: "44") { name } notices { id } }',
    });
    environment.services.lending.control.faults({});
    const { data, errors } = JSON.parse(text);
    assert.equal(status, 200);
    assert.ok(data.member.name);
    assert.equal(data.notices, null);
    assert.equal(errors.length, 1);
  });

  it('answers an array of operations', async () => {
    const { text } = await client.post([{ query: '{ __typename }' }, { query: MEMBER }]);
    assert.equal(JSON.parse(text).length, 2);
  });

  it('answers many requests at the same time', async () => {
    const paths = Array.from({ length: 90 }, () => graphqlPath(MEMBER));
    const responses = await Promise.all(paths.map((path) => client.get(path)));
    assert.ok(responses.every(({ status }) => status === 200));
  });

  it('shows the explorer and the start page with https addresses', async () => {
    const explorer = await client.get('/graphql', { accept: 'text/html' });
    assert.match(String(explorer.headers['content-type']), /^text\/html/);
    assert.match(explorer.text, /<html/);
    const start = await client.get('/', { accept: 'application/json' });
    assert.equal(JSON.parse(start.text).endpoint, environment.endpoint);
  });

  it('answers a CORS preflight', async () => {
    const { status, headers } = await client.request({
      ':method': 'OPTIONS',
      ':path': '/graphql',
      origin: PAGE,
      'access-control-request-method': 'POST',
    });
    assert.equal(status, 204);
    assert.equal(headers['access-control-allow-origin'], PAGE);
  });

  it('accepts the cookie of a session in pieces', async () => {
    // Browsers send each cookie as a header of its own, which HTTP/2 compresses better.
    const cookie = ['theme=dark', await sessionCookie(await createToken(CAST.reader))];
    const { text } = await client.post(
      { query: '{ viewer { id } }' },
      { 'x-csrf-protection': '1', cookie },
    );
    assert.deepEqual(JSON.parse(text).data, { viewer: { id: CAST.reader } });
  });

  it('answers health checks', async () => {
    assert.equal((await client.get('/healthz')).status, 200);
    assert.equal((await client.get('/readyz')).status, 200);
  });

  it('sends HSTS and no header that HTTP/2 forbids, whatever the response is', async () => {
    const requests: readonly [OutgoingHttpHeaders, string?][] = [
      [{ ':path': graphqlPath(MEMBER) }],
      [{ ':path': '/nothing' }],
      [{ ':path': '/%' }],
      [{ ':method': 'POST', ':path': '/graphql' }, 'x'],
      [{ ':method': 'POST', ':path': '/graphql', expect: 'x' }, '{}'],
      [{ ':method': 'PATCH', ':path': '/graphql' }],
      [{ ':method': 'FOO', ':path': '/graphql' }],
    ];
    const statuses: number[] = [];
    for (const [headers, body] of requests) {
      const { status, headers: received } = await client.request(headers, body);
      statuses.push(status);
      assert.ok(received['strict-transport-security'], `${status}`);
      assert.ok(received['x-request-id'], `${status}`);
      for (const name of HTTP2_FORBIDDEN) assert.equal(received[name], undefined, name);
    }
    assert.deepEqual(statuses, [200, 404, 400, 415, 417, 405, 404]);
  });

  it('refuses a body of a GET request, with and without a length', async () => {
    for (const length of [{}, { 'content-length': 3 }]) {
      const { status } = await client.request({ ':path': graphqlPath(MEMBER), ...length }, 'abc');
      assert.equal(status, 400);
    }
  });

  it('refuses a request without a host, with two, or with a credential twice', async () => {
    const ok = 0x88;
    const head: [string, string][] = [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', graphqlPath('{ __typename }')],
    ];
    const cases: readonly [boolean, [string, string][]][] = [
      [true, [...head, [':authority', 'a']]],
      [true, [...head, [':authority', 'a'], ['host', 'a']]],
      [true, [...head, ['host', 'a']]],
      [false, head],
      [false, [...head, [':authority', 'a'], ['host', 'b']]],
      [false, [...head, ['host', 'a'], ['host', 'b']]],
      [false, [...head, [':authority', 'a'], ['authorization', 'a'], ['authorization', 'b']]],
      [false, [...head, [':authority', 'a'], ['x-api-key', 'a'], ['x-api-key', 'b']]],
    ];
    for (const [isAccepted, headers] of cases) {
      using connection = await openFrames(environment.url);
      const flags = FLAG.END_STREAM | FLAG.END_HEADERS;
      connection.write(frame(FRAME.HEADERS, flags, 1, headerBlock(headers)));
      const answers = () => [
        ...connection.received(FRAME.HEADERS),
        ...connection.received(FRAME.RST_STREAM),
      ];
      await until(() => answers().length > 0);
      const [answer] = answers();
      const isOk = answer?.type === FRAME.HEADERS && answer.payload[0] === ok;
      assert.equal(isOk, isAccepted, String(headers));
    }
  });

  it('refuses the headers of HTTP/1.1 connections (RFC 9113 §8.2.2)', async () => {
    const headers: readonly [string, string][] = [
      ['te', 'trailers'],
      ['te', 'gzip'],
      ['connection', 'close'],
      ['transfer-encoding', 'chunked'],
      ['upgrade', 'h2c'],
    ];
    const accepted: string[] = [];
    for (const header of headers) {
      using connection = await openFrames(environment.url);
      const flags = FLAG.END_STREAM | FLAG.END_HEADERS;
      const block = requestBlock('/healthz', 'GET', [header]);
      connection.write(frame(FRAME.HEADERS, flags, 1, block));
      const isReset = () => connection.received(FRAME.RST_STREAM).length > 0;
      await until(() => isReset() || connection.answered().length > 0);
      if (!isReset()) accepted.push(header.join(': '));
    }
    assert.deepEqual(accepted, ['te: trailers']);
  });

  it('resets a CONNECT request', async () => {
    const stream = client.session.request({ ':method': 'CONNECT', ':authority': 'example.org:80' });
    stream.on('error', () => {});
    await once(stream, 'close');
    assert.equal(stream.sentHeaders[':method'], 'CONNECT');
    assert.equal((await client.get('/healthz')).status, 200);
  });

  it('cancels the upstream call of a stream that the client resets', async () => {
    const { control } = environment.services.lending;
    control.faults({ activeCounts: { hang: true } });
    const calls = () => environment.calls().filter(({ operation }) => operation === 'activeCounts');
    const stream = client.open(
      {
        ':method': 'POST',
        ':path': '/graphql',
        'content-type': 'application/json',
        'x-request-timeout-ms': '600000',
        ...(await authorization(CAST.reader)),
      },
      JSON.stringify({ query: '{ viewer { activeCount } }' }),
    );
    stream.on('error', () => {});
    await until(() => calls().length === 1);
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => calls().every(({ endedAt }) => endedAt !== null));
    control.faults({});
    assert.equal(calls().length, 1);
    assert.equal((await client.get('/healthz')).status, 200);
  });
});

describe('The log line of a request over HTTP/2', () => {
  const NOTICES = '{ notices { id title body } }';
  const RENAME = 'mutation { renameMember(name: "Ada") { member { name } } }';

  async function start() {
    await using started = new AsyncDisposableStack();
    const tls = started.use(await createListenerTls());
    const env = { ...tls.env, LOG_LEVEL: 'info', CACHE_MEMORY_MB: '16' };
    const bff = started.use(await startBffProcess(library, { env }));
    const rest = started.move();
    const allStatuses = () =>
      bff
        .logEntries()
        .filter(({ msg }) => msg === 'request completed')
        .map(({ status }) => status);
    let earlier = 0;
    return {
      services: bff.services,
      connect: (settings: Settings = {}) => connectHttp2(bff.url, tls.ca, { settings }),
      /** Those of the test. */
      statuses: () => allStatuses().slice(earlier),
      startTest() {
        earlier = allStatuses().length;
      },
      [Symbol.asyncDispose]: () => rest.disposeAsync(),
    };
  }

  let started: Awaited<ReturnType<typeof start>>;
  before(async () => {
    started = await start();
  });
  beforeEach(() => started.startTest());
  after(() => started[Symbol.asyncDispose]());

  it('has the status of each response that was sent, whatever it is', async () => {
    using client = await started.connect();
    using slow = await started.connect({ initialWindowSize: 100 });
    const path = graphqlPath(MEMBER);
    const reader = await authorization(CAST.reader);
    const hit = await client.get(path).then(() => client.get(path));
    const requests: readonly (() => Promise<{ status: number }>)[] = [
      () => client.post({ query: NOTICES }),
      () => client.post({ query: NOTICES }),
      () => client.post({ query: NOTICES }, { 'accept-encoding': 'br' }),
      () => slow.post({ query: NOTICES }),
      () => slow.get(graphqlPath(NOTICES)),
      () => slow.post({ query: '{ __schema { types { name } } }' }),
      () => client.request({ ':method': 'HEAD', ':path': path }),
      () => client.get(path, { 'if-none-match': hit.headers.etag }),
      () => client.post({ query: '{ __typename }' }),
      () => client.post({ query: RENAME }, reader),
      () => client.post({ query: '{' }),
      () => client.get('/nothing'),
      () => client.request({ ':method': 'POST', ':path': '/nothing' }, 'x'),
    ];
    const sent = [200, 200];
    for (const request of requests) {
      sent.push((await request()).status);
      await until(() => started.statuses().length === sent.length);
    }
    assert.deepEqual([...new Set(sent)].sort(), [200, 304, 400, 404]);
    assert.deepEqual(started.statuses(), sent);
  });

  it('has 499 if the client has reset the stream before the response', async () => {
    using client = await started.connect();
    const { control } = started.services.member;
    control.reset();
    control.faults({ membersByIds: { hang: true } });
    const stream = client.open({ ':path': graphqlPath('{ member(id: "43") { name } }') });
    stream.on('error', () => {});
    await until(() => control.requests().routes.membersByIds === 1);
    stream.close(constants.NGHTTP2_CANCEL);
    await until(() => started.statuses().length === 1);
    assert.deepEqual(started.statuses(), [499]);
  });

  for (const code of ['NGHTTP2_NO_ERROR', 'NGHTTP2_CANCEL'] as const) {
    it(`has 499 if the client resets the stream in mid-response (${code})`, async () => {
      using client = await started.connect({ initialWindowSize: 100 });
      const headers = { ':path': '/graphql', 'content-type': 'application/json' };
      const body = JSON.stringify({ query: NOTICES });
      for (const open of [
        () => client.open({ ':path': graphqlPath(NOTICES) }),
        () => client.open({ ':method': 'POST', ...headers }, body),
      ]) {
        const stream = open();
        stream.on('error', () => {});
        await once(stream, 'response');
        stream.close(constants[code]);
        await once(stream, 'close');
      }
      await until(() => started.statuses().length === 2);
      assert.deepEqual(started.statuses(), [499, 499]);
    });
  }
});

describe('A request over HTTP/2 with a method that does not exist', () => {
  const METHODS = ['FOO', 'get', 'constructor', '__proto__'] as const;
  const PATHS = ['/graphql', '/healthz', '/nothing', '/%'] as const;
  const ADDRESS = '192.0.2.1';
  const DENIED = '192.0.2.66';

  async function start(env: NodeJS.ProcessEnv = {}) {
    await using started = new AsyncDisposableStack();
    const tls = started.use(await createListenerTls());
    const bff = started.use(
      await startBffProcess(library, {
        env: { ...tls.env, LOG_LEVEL: 'info', TRUSTED_PROXIES: '127.0.0.1', ...env },
      }),
    );
    const client = started.use(await connectHttp2(bff.url, tls.ca));
    const rest = started.move();
    const send = (method: string, path: string, address: string, body?: string) =>
      client.request({ ':method': method, ':path': path, 'x-forwarded-for': address }, body);
    return { bff, client, send, [Symbol.asyncDispose]: () => rest.disposeAsync() };
  }

  it('gets the error and the headers of an unknown path, and one log line', async () => {
    await using started = await start();
    const { bff, send } = started;
    const written = bff.logEntries().length;
    const sent: string[] = [];
    for (const method of METHODS) {
      for (const path of PATHS) {
        const { status, text, headers } = await send(method, path, ADDRESS);
        const [error] = JSON.parse(text).errors;
        assert.equal(status, path === '/%' ? 400 : 404);
        assert.equal(error.extensions.requestId, headers['x-request-id']);
        assert.equal(headers['cache-control'], 'no-store');
        assert.equal(headers['x-content-type-options'], 'nosniff');
        assert.ok(headers['strict-transport-security']);
        sent.push(`request completed ${method} ${path} ${status} ${ADDRESS}`);
      }
    }
    const entries = () => bff.logEntries().slice(written);
    await until(() => entries().length >= sent.length);
    const lines = entries().map(
      ({ msg, req, status }) => `${msg} ${req?.method} ${req?.path} ${status} ${req?.address}`,
    );
    // A line is written when its stream is closed.
    assert.deepEqual(lines.toSorted(), sent.toSorted());
    const metrics = await (await fetch(`${bff.adminUrl}/metrics`)).text();
    assert.match(metrics, new RegExp(`status="404"[^\\n]* ${METHODS.length * 3}$`, 'm'));
  });

  it('is refused if its address is denied', async () => {
    await using started = await start({ DENY_ADDRESSES: DENIED });
    for (const path of PATHS) {
      assert.equal((await started.send('FOO', path, DENIED)).status, 403, path);
    }
  });

  it('is charged with its body, and refused when its address has used up its limit', async () => {
    await using started = await start({ RATE_LIMIT_ADDRESS: '1000' });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) {
      const { status } = await started.send('FOO', '/graphql', ADDRESS, 'x'.repeat(100_000));
      statuses.push(status);
      if (status === 429) break;
    }
    assert.deepEqual([statuses[0], statuses.at(-1)], [404, 429]);
    assert.equal((await started.send('GET', '/nothing', ADDRESS)).status, 429);
  });
});

describe('The unread body of a refused request over HTTP/2', () => {
  const POST = { ':method': 'POST', ':path': '/graphql', 'content-type': 'text/plain' };
  /** More than a stream may send before the server reads. */
  const PART = Buffer.alloc(50_000, 'x');

  async function start() {
    await using started = new AsyncDisposableStack();
    const tls = started.use(await createListenerTls());
    const environment = started.use(
      await startLibrary({ ...tls.env, RATE_LIMIT_ADDRESS: '10000000' }),
    );
    const client = started.use(await connectHttp2(environment.url, tls.ca));
    const rest = started.move();
    return { client, [Symbol.asyncDispose]: () => rest.disposeAsync() };
  }

  /** The cost units that the address of the client has left. */
  async function unitsLeft(client: Http2Client): Promise<number> {
    const { headers } = await client.post({ query: '{ __typename }' });
    return Number(/r=(\d+)/.exec(String(headers.ratelimit))?.[1]);
  }

  it('is charged, and closes its stream only', async () => {
    await using started = await start();
    const { client } = started;
    const before = await unitsLeft(client);
    const stream = client.session.request(POST);
    stream.on('error', () => {});
    stream.write(PART);
    const [headers] = await once(stream, 'response');
    assert.equal(headers[':status'], 415);
    stream.resume();
    stream.write(PART);
    await once(stream, 'close');
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    const bytes = 2 * PART.length;
    await until(async () => before - (await unitsLeft(client)) >= bytes / BYTES_PER_UNIT);
    assert.equal(client.session.closed, false);
  });

  it('leaves the stream to end by itself if it arrives', async () => {
    await using started = await start();
    const { client } = started;
    const { status, text } = await client.request(POST, 'x'.repeat(1_000));
    assert.equal(status, 415);
    assert.match(text, /BAD_REQUEST/);
  });
});

describe('The address of a client over HTTP/2', () => {
  it('is that of its connection, or the one that a trusted proxy reports', async () => {
    await using tls = await createListenerTls();
    const statusFor = async (env: NodeJS.ProcessEnv, forwarded: string) => {
      await using environment = await startLibrary({ ...tls.env, ...env });
      using client = await connectHttp2(environment.url, tls.ca);
      return (await client.get('/nothing', { 'x-forwarded-for': forwarded })).status;
    };
    const denied = { DENY_ADDRESSES: '192.0.2.1' };
    assert.equal(await statusFor({ DENY_ADDRESSES: '127.0.0.1' }, '192.0.2.1'), 403);
    assert.equal(await statusFor(denied, '192.0.2.1'), 404);
    const trusted = { ...denied, TRUSTED_PROXIES: '127.0.0.1' };
    assert.equal(await statusFor(trusted, '192.0.2.1'), 403);
    assert.equal(await statusFor(trusted, '192.0.2.2'), 404);
  });
});

describe('A BFF with TLS', () => {
  let tls: Awaited<ReturnType<typeof createListenerTls>>;
  let environment: LibraryEnvironment;
  before(async () => {
    tls = await createListenerTls();
    environment = await startLibrary({ ...tls.env, CACHE_MEMORY_MB: '16' });
  });
  after(async () => {
    await environment?.[Symbol.asyncDispose]();
    await tls?.[Symbol.asyncDispose]();
  });

  /** Connects with these versions of TLS, and returns the negotiated one, or the error. */
  async function handshake(
    version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
    // OpenSSL itself refuses old versions at its default level.
    ciphers = 'DEFAULT@SECLEVEL=0',
  ): Promise<string> {
    const socket: TLSSocket = connectTls({
      host: '127.0.0.1',
      port: Number(new URL(environment.url).port),
      ca: tls.ca,
      minVersion: version,
      maxVersion: version,
      ciphers,
    });
    try {
      await once(socket, 'secureConnect');
      return socket.getProtocol() ?? 'none';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown';
    } finally {
      socket.destroy();
    }
  }

  it('accepts TLS 1.2 and 1.3, and refuses TLS 1.1', async () => {
    assert.equal(await handshake('TLSv1.3'), 'TLSv1.3');
    assert.equal(await handshake('TLSv1.2'), 'TLSv1.2');
    assert.equal(await handshake('TLSv1.1'), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });

  it('refuses cipher suites without authenticated encryption', async () => {
    assert.equal(await handshake('TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'), 'TLSv1.2');
    const refused = await handshake('TLSv1.2', 'ECDHE-ECDSA-AES256-SHA');
    assert.match(refused, /^ERR_SSL_.*HANDSHAKE_FAILURE$/);
  });

  it('answers clients that speak HTTP/1.1 only', async () => {
    const path = graphqlPath(MEMBER);
    for (const status of [/stored|hit/, /hit/]) {
      const outgoing = requestHttps(environment.url + path, { ca: tls.ca, agent: false }).end();
      const [response] = await once(outgoing, 'response');
      assert.equal(response.httpVersion, '1.1');
      assert.deepEqual(JSON.parse(await text(response)), {
        data: { member: { name: 'Ada Castro' } },
      });
      assert.match(response.headers['cache-status'], status);
      assert.ok(response.headers['strict-transport-security']);
    }
  });

  it('has the time limits of HTTP/1.1 without TLS', async () => {
    await using plain = await startLibrary();
    const limitsOf = ({ app: { server } }: LibraryEnvironment) => {
      const { headersTimeout, requestTimeout, timeout, keepAliveTimeout } = server;
      const { connectionsCheckingInterval } = server as never;
      return {
        headersTimeout,
        requestTimeout,
        timeout,
        keepAliveTimeout,
        connectionsCheckingInterval,
      };
    };
    assert.deepEqual(limitsOf(environment), limitsOf(plain));
    assert.ok(Object.values(limitsOf(environment)).every((limit) => limit > 0));
  });

  it('answers malformed HTTP/1.1 with a request id and HSTS', async () => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: Number(new URL(environment.url).port),
      ca: tls.ca,
    });
    socket.write('NOT HTTP\r\n\r\n');
    const response = await text(socket);
    assert.match(response, /^HTTP\/1\.1 400 /);
    assert.match(response, /x-request-id/);
    assert.match(response, /strict-transport-security/);
  });

  it('closes a connection that speaks plain HTTP', async () => {
    const url = environment.url.replace('https:', 'http:');
    await assert.rejects(fetch(`${url}/healthz`));
    using client = await connectHttp2(environment.url, tls.ca);
    assert.equal((await client.get('/healthz')).status, 200);
  });
});
