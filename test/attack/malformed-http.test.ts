import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BFFS, casesFor } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { shortOrFull } from './mode.ts';
import { createRandom, type Random, SEED } from './random.ts';
import { exchangeBytes, type RawExchange } from './raw-connection.ts';
import { assertErrorFormat } from './responses.ts';
import { startTarget, type Target } from './target.ts';

const COUNT = shortOrFull(60, 5_000);
const CONCURRENCY = 16;
/** Timeout for randomly damaged requests: after many of them the server waits for more bytes. */
const FUZZ_TIMEOUT_MS = 300;
const BODY = '{"query":"{ __typename }"}';
const LENGTH = `Content-Length: ${BODY.length}`;
const CHUNKED = 'Transfer-Encoding: chunked';
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
/** The smuggled request, which the server must not read as one. */
const SMUGGLED = 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Smuggled: yes\r\n\r\n';

const post = (headers: readonly string[], body: string): string =>
  [
    'POST /graphql HTTP/1.1',
    'Host: x',
    'Content-Type: application/json',
    ...headers,
    '',
    body,
  ].join('\r\n');

/** Requests whose end is ambiguous: a proxy and a server behind it may disagree (request smuggling). */
const AMBIGUOUS: Readonly<Record<string, string>> = {
  'a length and chunks': post([LENGTH, CHUNKED], CHUNKS + SMUGGLED),
  'chunks and a length': post([CHUNKED, LENGTH], CHUNKS + SMUGGLED),
  'chunks and a length of 0': post([CHUNKED, 'Content-Length: 0'], CHUNKS + SMUGGLED),
  'two lengths': post([LENGTH, 'Content-Length: 0'], BODY + SMUGGLED),
  'two lengths in one header': post([`${LENGTH}, 0`], BODY + SMUGGLED),
  'a length with a sign': post([`Content-Length: +${BODY.length}`], BODY + SMUGGLED),
  'a negative length': post(['Content-Length: -1'], BODY + SMUGGLED),
  'a length in hexadecimal': post(
    [`Content-Length: 0x${BODY.length.toString(16)}`],
    BODY + SMUGGLED,
  ),
  'a length that is too large for a number': post([`Content-Length: ${'9'.repeat(30)}`], BODY),
  'a length with a space in its name': post([LENGTH.replace(':', ' :')], BODY + SMUGGLED),
  'a length on a folded line': post([LENGTH.replace(': ', ':\r\n ')], BODY + SMUGGLED),
  'an unknown transfer encoding': post(['Transfer-Encoding: xchunked'], CHUNKS + SMUGGLED),
  'chunks that are not the last encoding': post(
    ['Transfer-Encoding: chunked, identity'],
    CHUNKS + SMUGGLED,
  ),
  'two transfer encoding headers': post(
    [CHUNKED, 'Transfer-Encoding: identity'],
    CHUNKS + SMUGGLED,
  ),
  'chunks with a space in the name': post([CHUNKED.replace(':', ' :')], CHUNKS + SMUGGLED),
  'a chunk with a wrong size': post([CHUNKED], `zz\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`),
  'a chunk with a size that overflows': post([CHUNKED], `${'f'.repeat(20)}\r\n${BODY}\r\n`),
  'a chunk that is longer than it says': post([CHUNKED], `1\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`),
  'bare line feeds': post([LENGTH], BODY).replaceAll('\r\n', '\n') + SMUGGLED,
  'a bare carriage return': post([`X: 1\r${LENGTH}`], BODY + SMUGGLED),
  'a NUL in a header': post([`X: a\0b`, LENGTH], BODY + SMUGGLED),
  'a NUL in a header name': post([`X\0Y: a`, LENGTH], BODY + SMUGGLED),
  'a space before the first header': post([], '').replace('Host', ' Host') + SMUGGLED,
  'an unknown expectation, with a body': post([LENGTH, 'Expect: 200-miracle'], BODY + SMUGGLED),
  'an unknown expectation, without its body': post([LENGTH, 'Expect: 200-miracle'], SMUGGLED),
  'no host': 'GET /healthz HTTP/1.1\r\n\r\n',
  'two hosts': 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
};

/** Bytes that are not HTTP/1.1, and requests that exceed its limits. */
const INVALID: Readonly<Record<string, string | Buffer>> = {
  'an unknown method': 'PWN /graphql HTTP/1.1\r\nHost: x\r\n\r\n',
  'a method with a NUL': 'GE\0T /graphql HTTP/1.1\r\nHost: x\r\n\r\n',
  'a URL with a NUL': 'GET /graphql\0 HTTP/1.1\r\nHost: x\r\n\r\n',
  'a URL with a space': 'GET /graph ql HTTP/1.1\r\nHost: x\r\n\r\n',
  'a URL of another host': 'GET http://169.254.169.254/ HTTP/1.1\r\nHost: x\r\n\r\n',
  'HTTP/0.9': 'GET /graphql\r\n\r\n',
  'HTTP/1.2': 'GET /graphql HTTP/1.2\r\nHost: x\r\n\r\n',
  'the HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/9.9': 'GET /graphql HTTP/9.9\r\nHost: x\r\n\r\n',
  'a TLS hello': Buffer.from('160301020001000001fc0303', 'hex'),
  'a header of 100 kB': `GET /graphql HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
  '10,000 headers': `GET /graphql HTTP/1.1\r\nHost: x\r\n${'X: 1\r\n'.repeat(10_000)}\r\n`,
  'a URL of 100 kB': `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'a CONNECT request': 'CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  'an OPTIONS request for *': 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'a TRACE request': 'TRACE /graphql HTTP/1.1\r\nHost: x\r\nX-Secret: 1\r\n\r\n',
  'empty lines': '\r\n\r\n\r\n',
};

const UPGRADE = post([LENGTH, 'Connection: upgrade', 'Upgrade: h9'], BODY);

for (const bff of BFFS) {
  describe(`Malformed HTTP sent to the ${bff.name} BFF`, () => {
    let target: Target;
    before(async () => {
      target = await startTarget(bff);
    });
    after(() => target[Symbol.asyncDispose]());

    it('is rejected and the connection closed when the end of a request is ambiguous', async () => {
      await forEach(casesFor(bff, Object.entries(AMBIGUOUS)), async ([what, bytes]) => {
        const { responses, isClosed } = await exchangeBytes(target.url, bytes, { quietMs: 500 });
        assert.ok(responses.length <= 1, `${what}: two responses ${JSON.stringify(responses)}`);
        const [response] = responses;
        if (!response) return assert.ok(isClosed, `${what}: neither a response nor closed`);
        assertBadRequest(response, what);
        assert.ok(isClosed, `${what}: the connection stays open`);
      });
    });

    it('gets an error in the format of all others, or no response', async () => {
      await forEach(casesFor(bff, Object.entries(INVALID)), async ([what, bytes]) => {
        const { responses } = await exchangeBytes(target.url, bytes);
        assert.ok(responses.length <= 1, what);
        for (const response of responses) assertBadRequest(response, what);
      });
    });

    it('is answered as HTTP/1.1 if only its version is HTTP/0.9 or HTTP/2.0', async () => {
      for (const version of ['0.9', '2.0']) {
        const bytes = `GET /healthz HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`;
        const { responses } = await exchangeBytes(target.url, bytes);
        assert.deepEqual(
          responses.map(({ status }) => status),
          [200],
          version,
        );
      }
    });

    it('is not echoed if it is a TRACE request or an upgrade', async () => {
      // A server may ignore an upgrade that it does not support (RFC 9110 §7.8).
      for (const bytes of [INVALID['a TRACE request'] ?? '', UPGRADE]) {
        const { responses } = await exchangeBytes(target.url, bytes);
        assert.doesNotMatch(JSON.stringify(responses), /X-Secret|h9/);
      }
    });

    it(`does not crash the server in ${COUNT} random variants`, async (t) => {
      t.diagnostic(`SEED=${SEED}`);
      const numbers = Array.from({ length: COUNT }, (_, number) => number);
      await forEach(numbers, async (number) => {
        const bytes = damagedRequest(createRandom(SEED + number));
        const what = `SEED=${SEED} #${number}: ${JSON.stringify(bytes.toString('latin1'))}`;
        assertNoServerError(
          await exchangeBytes(target.url, bytes, { timeoutMs: FUZZ_TIMEOUT_MS }),
          what,
        );
      });
      assert.ok(target.isAlive());
      assert.equal((await send(jsonPost(target.endpoint, BODY))).status, 200);
    });
  });
}

async function forEach<T>(items: readonly T[], work: (item: T) => Promise<unknown>) {
  const queue = [...items];
  const one = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, one));
  } finally {
    queue.length = 0;
  }
}

function assertBadRequest(response: HttpResponse, what: string): void {
  const { status, text } = response;
  assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text}`);
  assertErrorFormat(response, what);
}

function assertNoServerError({ responses }: RawExchange, what: string): void {
  for (const response of responses) {
    const { status, text } = response;
    assert.ok(status >= 200 && status < 500, `${what}: ${status}`);
    if (status >= 400 && text !== '') assertErrorFormat(response, what);
  }
}

const VALID = [
  post([LENGTH], BODY),
  post([CHUNKED], CHUNKS),
  `GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: x\r\nApollo-Require-Preflight: 1\r\n\r\n`,
  SMUGGLED,
];

/** A request with some bytes changed, removed or duplicated. The empty lines end its headers in any case. */
function damagedRequest(random: Random): Buffer {
  const bytes = [...Buffer.from(random.pick(VALID))];
  for (let changes = 1 + random.below(6); changes > 0; changes--) {
    const at = random.below(bytes.length);
    const kind = random.below(3);
    if (kind === 0) bytes[at] = random.below(256);
    if (kind === 1) bytes.splice(at, 1 + random.below(4));
    if (kind === 2) bytes.splice(at, 0, ...bytes.slice(at, at + random.below(20)));
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.from('\r\n\r\n\r\n\r\n')]);
}
