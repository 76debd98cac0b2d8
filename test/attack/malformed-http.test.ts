import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BFFS, casesFor } from './bffs.ts';
import { jsonPost, send } from './http-client.ts';
import { createRandom, type Random, SEED, shortOrFull } from './mode.ts';
import { exchangeBytes, type RawExchange } from './raw-connection.ts';
import { assertErrorFormat } from './responses.ts';
import { startTarget, type Target } from './target.ts';

const COUNT = shortOrFull(60, 5_000);
const AT_ONCE = 16;
/** For what is damaged at random: many of them wait for more, and are not to be waited for. */
const SHORT_MS = 300;
const BODY = '{"query":"{ __typename }"}';
const LENGTH = `Content-Length: ${BODY.length}`;
const CHUNKED = 'Transfer-Encoding: chunked';
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
/** What a smuggler would have the server take for a request of somebody else's. */
const SECOND = 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Smuggled: yes\r\n\r\n';

const post = (headers: readonly string[], body: string): string =>
  [
    'POST /graphql HTTP/1.1',
    'Host: x',
    'Content-Type: application/json',
    ...headers,
    '',
    body,
  ].join('\r\n');

/** Requests whose end is not certain: two servers in a row might see it at different places. */
const AMBIGUOUS: Readonly<Record<string, string>> = {
  'a length and chunks': post([LENGTH, CHUNKED], CHUNKS + SECOND),
  'chunks and a length': post([CHUNKED, LENGTH], CHUNKS + SECOND),
  'chunks and a length of nothing': post([CHUNKED, 'Content-Length: 0'], CHUNKS + SECOND),
  'two lengths': post([LENGTH, 'Content-Length: 0'], BODY + SECOND),
  'two lengths in one header': post([`${LENGTH}, 0`], BODY + SECOND),
  'a length with a sign': post([`Content-Length: +${BODY.length}`], BODY + SECOND),
  'a negative length': post(['Content-Length: -1'], BODY + SECOND),
  'a length in hexadecimal': post([`Content-Length: 0x${BODY.length.toString(16)}`], BODY + SECOND),
  'a length that is too large for a number': post([`Content-Length: ${'9'.repeat(30)}`], BODY),
  'a length with a space in its name': post([LENGTH.replace(':', ' :')], BODY + SECOND),
  'a length on a folded line': post([LENGTH.replace(': ', ':\r\n ')], BODY + SECOND),
  'an unknown transfer encoding': post(['Transfer-Encoding: xchunked'], CHUNKS + SECOND),
  'chunks that are not the last encoding': post(
    ['Transfer-Encoding: chunked, identity'],
    CHUNKS + SECOND,
  ),
  'chunks by two headers': post([CHUNKED, 'Transfer-Encoding: identity'], CHUNKS + SECOND),
  'chunks with a space in the name': post([CHUNKED.replace(':', ' :')], CHUNKS + SECOND),
  'a chunk with a wrong size': post([CHUNKED], `zz\r\n${BODY}\r\n0\r\n\r\n${SECOND}`),
  'a chunk with a size that overflows': post([CHUNKED], `${'f'.repeat(20)}\r\n${BODY}\r\n`),
  'a chunk that is longer than it says': post([CHUNKED], `1\r\n${BODY}\r\n0\r\n\r\n${SECOND}`),
  'line feeds alone': post([LENGTH], BODY).replaceAll('\r\n', '\n') + SECOND,
  'a carriage return alone': post([`X: 1\r${LENGTH}`], BODY + SECOND),
  'a NUL in a header': post([`X: a\0b`, LENGTH], BODY + SECOND),
  'a NUL in a header name': post([`X\0Y: a`, LENGTH], BODY + SECOND),
  'a space before the first header': post([], '').replace('Host', ' Host') + SECOND,
  'no host': 'GET /healthz HTTP/1.1\r\n\r\n',
  'two hosts': 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
};

/** What is not HTTP/1.1, or more of it than anyone needs. */
const BROKEN: Readonly<Record<string, string | Buffer>> = {
  'a method that there is not': 'PWN /graphql HTTP/1.1\r\nHost: x\r\n\r\n',
  'a method with a NUL': 'GE\0T /graphql HTTP/1.1\r\nHost: x\r\n\r\n',
  'an address with a NUL': 'GET /graphql\0 HTTP/1.1\r\nHost: x\r\n\r\n',
  'an address with a space': 'GET /graph ql HTTP/1.1\r\nHost: x\r\n\r\n',
  'an address of somewhere else': 'GET http://169.254.169.254/ HTTP/1.1\r\nHost: x\r\n\r\n',
  'HTTP/0.9': 'GET /graphql\r\n\r\n',
  'HTTP/1.2': 'GET /graphql HTTP/1.2\r\nHost: x\r\n\r\n',
  'HTTP/2 without asking': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/9.9': 'GET /graphql HTTP/9.9\r\nHost: x\r\n\r\n',
  'a TLS hello': Buffer.from('160301020001000001fc0303', 'hex'),
  'a header of 100 kB': `GET /graphql HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
  '10,000 headers': `GET /graphql HTTP/1.1\r\nHost: x\r\n${'X: 1\r\n'.repeat(10_000)}\r\n`,
  'an address of 100 kB': `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'an expectation that nobody knows': post([LENGTH, 'Expect: 200-miracle'], BODY),
  'a tunnel': 'CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: x\r\n\r\n',
  'the server as a whole': 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'a trace': 'TRACE /graphql HTTP/1.1\r\nHost: x\r\nX-Secret: 1\r\n\r\n',
  nothing: '\r\n\r\n\r\n',
};

const UPGRADE = post([LENGTH, 'Connection: upgrade', 'Upgrade: h9'], BODY);

for (const bff of BFFS) {
  describe(`${bff.name}: what is not HTTP`, () => {
    let target: Target;
    before(async () => {
      target = await startTarget(bff);
    });
    after(() => target[Symbol.asyncDispose]());

    it('is given no answer but a refusal, when the end of a request is not certain', async () => {
      await forEach(casesFor(bff, Object.entries(AMBIGUOUS)), async ([what, bytes]) => {
        const { answers, isClosed } = await exchangeBytes(target.url, bytes, { quietMs: 500 });
        assert.ok(answers.length <= 1, `${what}: two answers ${JSON.stringify(answers)}`);
        const [answer] = answers;
        if (!answer) return assert.ok(isClosed, `${what}: neither answered nor closed`);
        demandBadRequest(answer, what);
        assert.ok(isClosed, `${what}: the connection stays open`);
      });
    });

    it('is given a refusal in the same form, or none, when it is no request', async () => {
      await forEach(casesFor(bff, Object.entries(BROKEN)), async ([what, bytes]) => {
        const { answers } = await exchangeBytes(target.url, bytes);
        assert.ok(answers.length <= 1, what);
        for (const answer of answers) demandBadRequest(answer, what);
      });
    });

    it('is answered as HTTP/1.1 with a request line of HTTP/0.9 or HTTP/2.0', async () => {
      for (const version of ['0.9', '2.0']) {
        const bytes = `GET /healthz HTTP/${version}\r\nHost: x\r\nConnection: close\r\n\r\n`;
        const { answers } = await exchangeBytes(target.url, bytes);
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200],
          version,
        );
      }
    });

    it('never echoes what a trace or an upgrade brought', async () => {
      // What one can't upgrade to may be passed over (RFC 9110 §7.8).
      for (const bytes of [BROKEN['a trace'] ?? '', UPGRADE]) {
        const { answers } = await exchangeBytes(target.url, bytes);
        assert.doesNotMatch(JSON.stringify(answers), /X-Secret|h9/);
      }
    });

    it(`is survived, ${COUNT} times at random`, async (t) => {
      t.diagnostic(`SEED=${SEED}`);
      const numbers = Array.from({ length: COUNT }, (_, number) => number);
      await forEach(numbers, async (number) => {
        const bytes = damaged(createRandom(SEED + number));
        const what = `SEED=${SEED} #${number}: ${JSON.stringify(bytes.toString('latin1'))}`;
        demandSound(await exchangeBytes(target.url, bytes, { patienceMs: SHORT_MS }), what);
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
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  } finally {
    queue.length = 0;
  }
}

function demandBadRequest(answer: RawExchange['answers'][number], what: string): void {
  const { status, text } = answer;
  assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text}`);
  assertErrorFormat(answer, what);
}

function demandSound({ answers }: RawExchange, what: string): void {
  for (const answer of answers) {
    assert.ok(answer.status >= 200 && answer.status < 500, `${what}: ${answer.status}`);
    if (answer.status >= 400 && answer.text !== '') assertErrorFormat(answer, what);
  }
}

const WHOLE = [
  post([LENGTH], BODY),
  post([CHUNKED], CHUNKS),
  `GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nHost: x\r\nApollo-Require-Preflight: 1\r\n\r\n`,
  SECOND,
];

/** A request with some bytes changed, left out, or doubled; the end is marked, so that none waits. */
function damaged(random: Random): Buffer {
  const bytes = [...Buffer.from(random.pick(WHOLE))];
  for (let changes = 1 + random.below(6); changes > 0; changes--) {
    const at = random.below(bytes.length);
    const kind = random.below(3);
    if (kind === 0) bytes[at] = random.below(256);
    if (kind === 1) bytes.splice(at, 1 + random.below(4));
    if (kind === 2) bytes.splice(at, 0, ...bytes.slice(at, at + random.below(20)));
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.from('\r\n\r\n\r\n\r\n')]);
}
