import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createListenerTls } from '../support/certificates.ts';
import { library } from '../support/fixture/bff.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { connectHttp2, graphqlPath } from '../support/http2-client.ts';
import {
  FLAG,
  FRAME,
  type FrameConnection,
  frame,
  get,
  headerBlock,
  openFrames,
  requestBlock,
  settings,
  uint32,
} from '../support/http2-frames.ts';
import { until } from '../support/until.ts';
import { SKIP_IN_SHORT_MODE, shortOrFull } from './mode.ts';
import { openConnection } from './raw-connection.ts';
import { IMPLEMENTATION_DETAILS } from './responses.ts';
import { startTarget, type Target } from './target.ts';

// The server of every BFF is the same below GraphQL, so one of them is attacked.

/** Rounds of a flood, at least, before an attack counts as endured. */
const ROUNDS = shortOrFull(60, 1_000);
const FRAMES_PER_ROUND = 100;
/** The memory that the process may keep after an attack, in bytes. */
const MAX_GROWTH_BYTES = 100 * 1_024 ** 2;
/** The resets that tls.ts allows in a row. */
const MAX_RESETS = 200;
const MAX_STREAMS = 100;
/** Tolerance for a busy machine. */
const TOLERANCE_MS = 5_000;

const CANCEL = 8;
const REFUSED_STREAM = 7;
const ENHANCE_YOUR_CALM = 11;
const INITIAL_WINDOW_SIZE = 4;
/** The settings of a client that never reads a body. */
const NO_WINDOW = { [INITIAL_WINDOW_SIZE]: 0 };
const PADDED = 8;

const streamId = (n: number): number => 2 * n + 1;

/** A query that is not in any cache. */
const newPath = (n: number): string =>
  graphqlPath(`{ member(id: "${(n % 300) + 1}") { name alias${n}: name } }`);

/** The headers of a request whose body does not end. */
const openPost = (n: number): Buffer =>
  frame(
    FRAME.HEADERS,
    FLAG.END_HEADERS,
    streamId(n),
    requestBlock('/graphql', 'POST', [['content-type', 'application/json']]),
  );

const repeat = (bytes: Buffer, count = FRAMES_PER_ROUND): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => bytes));

/** Writes until the server ends the connection, or all rounds are over. */
async function flood(connection: FrameConnection, bytesOf: (round: number) => Buffer) {
  for (let round = 0; round < ROUNDS && !connection.isEnded(); round++) {
    connection.write(bytesOf(round));
    await sleep(1);
  }
}

/** Sends `FRAMES_PER_ROUND` requests in each round, each followed by another frame of its stream. */
const floodRequests = (connection: FrameConnection, then: (stream: number) => Buffer) =>
  flood(connection, (round) =>
    Buffer.concat(
      Array.from({ length: FRAMES_PER_ROUND }, (_, n) => {
        const count = round * FRAMES_PER_ROUND + n;
        return Buffer.concat([get(streamId(count), newPath(count)), then(streamId(count))]);
      }),
    ),
  );

/** Writes without reading, so that the responses of the server have nowhere to go. */
async function floodUnread(connection: FrameConnection, bytes: Buffer): Promise<void> {
  connection.socket.pause();
  await flood(connection, () => repeat(bytes));
  connection.socket.resume();
}

/** A header of 4 kB that is stored in the table of the connection, and one byte for each repetition. */
const HPACK_BOMB = Buffer.concat([
  Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]),
  Buffer.alloc(4_000, 'y'),
  Buffer.alloc(8_000, 0x80 | 62),
]);

interface Attack {
  readonly run: (connection: FrameConnection) => Promise<void>;
  /** True if the server must end the connection; otherwise it may endure the attack. */
  readonly isEnded: boolean;
  readonly own?: Readonly<Record<number, number>>;
  readonly check?: (connection: FrameConnection) => void;
}

const resetsOf = (connection: FrameConnection, code: number): number =>
  connection.received(FRAME.RST_STREAM).filter(({ payload }) => payload.readUInt32BE(0) === code)
    .length;

/** Asserts that the server has executed about as many requests as may be reset. */
function assertFewRequests(connection: FrameConnection): void {
  const [goaway] = connection.received(FRAME.GOAWAY);
  // It is lost if the connection breaks while this client is still sending.
  const last = goaway?.payload.readUInt32BE(0) ?? 0;
  assert.ok(last <= streamId(MAX_RESETS + MAX_STREAMS), `stream ${last}`);
}

const ATTACKS: Readonly<Record<string, Attack>> = {
  'requests that are reset at once (rapid reset, CVE-2023-44487)': {
    run: (c) => floodRequests(c, (stream) => frame(FRAME.RST_STREAM, 0, stream, uint32(CANCEL))),
    isEnded: true,
    check: assertFewRequests,
  },
  'requests that are reset a moment later': {
    async run(c) {
      const ids = (round: number) =>
        round < 0 ? [] : Array.from({ length: 20 }, (_, n) => 20 * round + n);
      await flood(c, (round) =>
        Buffer.concat([
          ...ids(round - 4).map((n) => frame(FRAME.RST_STREAM, 0, streamId(n), uint32(CANCEL))),
          ...ids(round).map((n) => get(streamId(n), newPath(n))),
        ]),
      );
    },
    isEnded: true,
    check: assertFewRequests,
  },
  'requests that the server must reset (CVE-2025-8671)': {
    run: (c) => floodRequests(c, (stream) => frame(FRAME.WINDOW_UPDATE, 0, stream, uint32(0))),
    isEnded: true,
  },
  'data after the end of requests': {
    run: (c) => floodRequests(c, (stream) => frame(FRAME.DATA, 0, stream, 'x')),
    isEnded: true,
  },
  'headers that never end (CONTINUATION flood, CVE-2024-27983)': {
    async run(c) {
      c.write(frame(FRAME.HEADERS, FLAG.END_STREAM, 1, requestBlock('/healthz')));
      const header = headerBlock([['x', 'y'.repeat(1_000)]]);
      await flood(c, () => frame(FRAME.CONTINUATION, 0, 1, header));
    },
    isEnded: true,
  },
  'headers that never end, in empty frames': {
    async run(c) {
      c.write(frame(FRAME.HEADERS, FLAG.END_STREAM, 1, requestBlock('/healthz')));
      await flood(c, () => frame(FRAME.CONTINUATION, 0, 1));
    },
    isEnded: true,
  },
  'thousands of headers in one request': {
    async run(c) {
      const headers = Array.from({ length: 1_500 }, (_, n): [string, string] => [`x${n}`, '1']);
      const block = requestBlock('/healthz', 'GET', headers);
      c.write(frame(FRAME.HEADERS, FLAG.END_STREAM | FLAG.END_HEADERS, 1, block));
      await until(() => c.isEnded() || c.received(FRAME.RST_STREAM).length > 0);
    },
    isEnded: false,
    check: (c) => assert.equal(resetsOf(c, ENHANCE_YOUR_CALM), 1),
  },
  'headers that are larger when they are decompressed (HPACK bomb)': {
    run: (c) =>
      flood(c, (round) => {
        const block = Buffer.concat([requestBlock('/healthz'), HPACK_BOMB]);
        return frame(FRAME.HEADERS, FLAG.END_STREAM | FLAG.END_HEADERS, streamId(round), block);
      }),
    isEnded: false,
    check(c) {
      assert.ok(resetsOf(c, ENHANCE_YOUR_CALM) > 0);
      assert.deepEqual(c.answered(), []);
    },
  },
  'a flood of PING frames': {
    run: (c) => floodUnread(c, frame(FRAME.PING, 0, 0, Buffer.alloc(8))),
    isEnded: true,
  },
  'a flood of SETTINGS frames': {
    run: (c) => floodUnread(c, settings({ [INITIAL_WINDOW_SIZE]: 65_535 })),
    isEnded: false,
  },
  'a flood of empty DATA frames': {
    async run(c) {
      c.write(openPost(0));
      await flood(c, () => repeat(frame(FRAME.DATA, 0, 1)));
    },
    isEnded: true,
  },
  'a flood of DATA frames that contain only padding': {
    async run(c) {
      c.write(openPost(0));
      await flood(c, () => repeat(frame(FRAME.DATA, PADDED, 1, Buffer.of(0)), 1_000));
    },
    isEnded: true,
  },
  'floods of PRIORITY, WINDOW_UPDATE and unknown frames': {
    run: (c) =>
      flood(c, () =>
        Buffer.concat([
          repeat(frame(FRAME.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 3, 1]))),
          repeat(frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(1))),
          repeat(frame(0xbb, 0, 0, 'x')),
        ]),
      ),
    isEnded: false,
  },
  'a window that overflows': {
    async run(c) {
      c.write(frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1)));
      await until(() => c.isEnded());
    },
    isEnded: true,
  },
  'large responses that are never read': {
    async run(c) {
      const introspection = '{ types { name description fields { name description } } }';
      for (let n = 0; n < MAX_STREAMS; n++) {
        c.write(get(streamId(n), graphqlPath(`{ alias${n}: __schema ${introspection} }`)));
      }
      await until(() => c.isEnded() || c.received(FRAME.HEADERS).length === MAX_STREAMS);
    },
    own: NO_WINDOW,
    isEnded: false,
    check: (c) => assert.deepEqual(c.received(FRAME.DATA), []),
  },
};

describe('HTTP/2', () => {
  let tls: Awaited<ReturnType<typeof createListenerTls>>;
  let target: Target;
  before(async () => {
    tls = await createListenerTls();
    target = await startTarget(library, tls.env);
  });
  after(async () => {
    await target?.[Symbol.asyncDispose]();
    await tls?.[Symbol.asyncDispose]();
  });

  /** Serves another client during an attack, and returns how many requests it has answered. */
  async function serveDuring(attack: Promise<void>): Promise<number> {
    using client = await connectHttp2(target.url, tls.ca);
    let isOver = false;
    const end = attack.finally(() => {
      isOver = true;
    });
    let count = 0;
    do {
      const { status } = await client.post({ query: '{ __typename }' });
      assert.equal(status, 200);
      count++;
    } while (!isOver);
    await end;
    return count;
  }

  for (const [name, { run, isEnded, own = {}, check }] of Object.entries(ATTACKS)) {
    it(`endures ${name}, and serves others`, async (t) => {
      const before = await target.metrics();
      target.takeCallCount();
      using connection = await openFrames(target.url, { own });
      const served = await serveDuring(run(connection));
      if (isEnded) await until(() => connection.isEnded());
      check?.(connection);
      assert.ok(served > 0);
      assert.ok(target.isAlive());
      const calls = target.takeCallCount();
      const after = await target.metrics();
      const growth = after && before ? after.rss - before.rss : 0;
      t.diagnostic(
        `${served} of others served, ${calls} upstream calls, ${Math.round(growth / 1e6)} MB kept`,
      );
      assert.ok(growth < MAX_GROWTH_BYTES, `${growth} bytes kept`);
      // A request may cause a call before its reset arrives.
      assert.ok(calls <= MAX_RESETS + MAX_STREAMS, `${calls} upstream calls`);
    });
  }

  it('rejects methods that do not exist in the format of all errors', async () => {
    using client = await connectHttp2(target.url, tls.ca);
    const names = ['PWN', 'get', '*', '__proto__', 'constructor', 'toString', 'X'.repeat(8_000)];
    for (const method of names) {
      for (const path of ['/graphql', '/healthz', '/auth/session', '/%']) {
        const what = `${method} ${path}`;
        const { status, headers, text } = await client.request({
          ':method': method,
          ':path': path,
        });
        assert.equal(status, path === '/%' ? 400 : 404, what);
        const { 'content-type': type, 'x-request-id': requestId } = headers;
        const [{ extensions }] = JSON.parse(text).errors;
        assert.match(String(type), /^application\/([\w-]+\+)?json/, what);
        assert.equal(extensions.requestId, requestId, what);
        assert.doesNotMatch(text, IMPLEMENTATION_DETAILS, what);
      }
    }
  });

  it('ends the connection of a client that ignores the limit of streams', async () => {
    using connection = await openFrames(target.url);
    for (let n = 0; n <= MAX_STREAMS; n++) connection.write(openPost(n));
    await until(() => connection.isEnded());
    const [goaway] = connection.received(FRAME.GOAWAY);
    assert.equal(goaway?.payload.readUInt32BE(0), streamId(MAX_STREAMS - 1));
  });

  it('refuses streams beyond the limit to a client that has not confirmed it, up to a hundred', async () => {
    using connection = await openFrames(target.url, { confirmsSettings: false });
    for (let n = 0; n < MAX_STREAMS + 5; n++) connection.write(openPost(n));
    await until(() => resetsOf(connection, REFUSED_STREAM) === 5);
    for (let n = MAX_STREAMS + 5; n < 3 * MAX_STREAMS; n++) connection.write(openPost(n));
    await until(() => connection.isEnded());
  });

  it('disconnects a client that holds streams without sending or reading', {
    skip: SKIP_IN_SHORT_MODE,
  }, async (t) => {
    using silent = await openFrames(target.url);
    const handshake = await openConnection(target.url);
    using bodies = await openFrames(target.url);
    using unread = await openFrames(target.url, { own: NO_WINDOW });
    using lively = await openFrames(target.url, { own: NO_WINDOW });
    for (let n = 0; n < MAX_STREAMS; n++) {
      bodies.write(openPost(n));
      for (const client of [unread, lively]) client.write(get(streamId(n), newPath(n)));
    }
    const drip = setInterval(() => {
      bodies.write(frame(FRAME.DATA, 0, 1, ' '));
      lively.write(frame(FRAME.PING, 0, 0, Buffer.alloc(8)));
    }, 1_000);
    const start = performance.now();
    const areReset = (connection: FrameConnection) =>
      resetsOf(connection, CANCEL) === MAX_STREAMS || connection.isEnded();
    const waiting = new Map<string, [isDone: () => boolean, maxMs: number]>([
      ['a connection without a handshake', [() => handshake.closed, 10_000]],
      ['a session without a request', [() => silent.isEnded(), 10_000]],
      ['bodies that do not end', [() => areReset(bodies), 12_000]],
      ['responses that are not read', [() => areReset(unread), 15_000]],
      ['responses that are not read on a lively session', [() => areReset(lively), 15_000]],
    ]);
    while (waiting.size > 0) {
      await sleep(100);
      const ms = performance.now() - start;
      for (const [what, [isDone, maxMs]] of waiting) {
        assert.ok(ms < maxMs + TOLERANCE_MS, `${what} after ${ms} ms`);
        if (!isDone()) continue;
        t.diagnostic(`${what}: ended after ${(ms / 1_000).toFixed(1)} s`);
        waiting.delete(what);
      }
    }
    clearInterval(drip);
  });
});

describe('HTTP/2 streams that are reset while services are slow', () => {
  it('leave no call behind', async () => {
    await using tls = await createListenerTls();
    await using environment = await startLibrary({
      ...tls.env,
      REQUEST_DEADLINE_MS: '600000',
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '300000',
    });
    environment.services.member.control.faults({ membersByIds: { hang: true } });
    using connection = await openFrames(environment.url);
    for (let n = 0; n < MAX_STREAMS; n++) connection.write(get(streamId(n), newPath(n)));
    const calls = () => environment.calls();
    await until(() => calls().length > 0);
    for (let n = 0; n < MAX_STREAMS; n++) {
      connection.write(frame(FRAME.RST_STREAM, 0, streamId(n), uint32(CANCEL)));
    }
    await until(() => calls().every(({ endedAt }) => endedAt !== null));
    assert.equal(connection.isEnded(), false);
  });
});
