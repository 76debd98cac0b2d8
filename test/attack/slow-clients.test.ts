import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';
import { BFFS } from './bffs.ts';
import { jsonPost, send } from './http-client.ts';
import { SKIP_IN_SHORT_MODE, shortOrFull } from './mode.ts';
import { openConnection } from './raw-connection.ts';
import { startTargetProcess } from './target-process.ts';

/** Maximum time for which a slow client may hold a connection. */
const MAX_HELD_MS = 15_000;
/** Tolerance for a busy machine. */
const TOLERANCE_MS = 3_000;
/** Load balancers keep connections for a minute, and requests fail if the server closes them earlier. */
const MAX_KEEP_ALIVE_MS = 75_000;
const DRIP_INTERVAL_MS = 1_000;
const REQUESTS = shortOrFull(50, 300);

const QUERY = { query: '{ __typename }' };
const HEAD = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
/** A response of about 20 kB: 60 of them exceed what the kernel buffers for a client that does not read. */
const LARGE_QUERY = '{__schema{types{name description fields{name description}}}}';
const PIPELINED_REQUESTS = `GET /graphql?query=${LARGE_QUERY} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(
  60,
);
/** One of so many slow clients pipelines requests and reads no response; more would be a flood. */
const PIPELINING_INTERVAL = 50;

/** The bytes that each kind of slow client writes at first, and then at an interval. */
const KINDS: Readonly<Record<string, { readonly first: string; readonly drip?: string }>> = {
  'send nothing': { first: '' },
  'stop in the first line': { first: 'POST /gra' },
  'stop in the headers': { first: `${HEAD}X-Slow: ` },
  'send headers byte by byte': { first: `${HEAD}X-Slow: `, drip: 'x' },
  'stop in the body': { first: `${HEAD}Content-Length: 1000\r\n\r\n{` },
  'send the body byte by byte': { first: `${HEAD}Content-Length: 1000\r\n\r\n{`, drip: ' ' },
  'stop in a chunk': { first: `${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n{` },
  'send chunks byte by byte': {
    first: `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    drip: '1\r\n \r\n',
  },
};

function kindOf(n: number): string {
  const names = Object.keys(KINDS);
  return n % PIPELINING_INTERVAL === 0 ? 'do not read responses' : (names[n % names.length] ?? '');
}

/** Opens connections of slow clients of every kind, which never read. */
async function startSlowClients(url: string, count: number) {
  const sockets = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const { first, drip } = KINDS[kindOf(n)] ?? { first: PIPELINED_REQUESTS };
      const socket = await openConnection(url);
      socket.pause();
      if (first) socket.write(first);
      return { socket, drip };
    }),
  );
  const timer = setInterval(() => {
    for (const { socket, drip } of sockets) if (drip && socket.writable) socket.write(drip);
  }, DRIP_INTERVAL_MS);
  return {
    sockets: sockets.map(({ socket }) => socket),
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const { socket } of sockets) socket.destroy();
    },
  };
}

/** Measures response times in milliseconds, sorted. */
async function responseTimes(endpoint: string): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < REQUESTS; n++) {
    const { status, ms, text } = await send(jsonPost(endpoint, QUERY));
    assert.equal(status, 200, text);
    times.push(ms);
  }
  return times.sort((a, b) => a - b);
}

const p99 = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)] ?? 0;

for (const bff of BFFS) {
  describe(`Slow clients of the ${bff.name} BFF`, () => {
    it('do not block others, and have timeouts of at most 15 s', async () => {
      await using environment = await startEnvironment(bff);
      using slow = await startSlowClients(environment.url, 50);
      await responseTimes(environment.endpoint);
      assert.equal(slow.sockets.length, 50);

      const { server } = environment.app;
      // Node checks its timeouts at an interval, which adds to them.
      const { connectionsCheckingInterval: interval } = server as never;
      for (const [what, ms] of Object.entries({
        headers: server.headersTimeout + Number(interval),
        'the whole request': server.requestTimeout + Number(interval),
        'an idle connection': server.timeout,
      })) {
        assert.ok(ms > 0 && ms <= MAX_HELD_MS, `${what}: ${ms} ms`);
      }
      assert.ok(
        server.keepAliveTimeout <= MAX_KEEP_ALIVE_MS,
        `${server.keepAliveTimeout} ms kept alive`,
      );
    });

    it('are disconnected within 15 s, a thousand of them, while others are served', {
      skip: SKIP_IN_SHORT_MODE,
    }, async (t) => {
      await using target = await startTargetProcess(bff);
      await responseTimes(target.endpoint);
      const alone = p99(await responseTimes(target.endpoint));
      const { connections } = await target.metrics();
      const start = performance.now();
      using slow = await startSlowClients(target.url, 1_000);
      t.diagnostic(`${(await target.metrics()).connections - connections} connections held`);
      // The pipelined requests come first.
      await until(async () => (await send(jsonPost(target.endpoint, QUERY))).status === 200);
      const during = p99(await responseTimes(target.endpoint));
      t.diagnostic(`p99 of others: ${alone.toFixed(1)} ms before, ${during.toFixed(1)} ms during`);

      while (performance.now() - start < MAX_HELD_MS + TOLERANCE_MS) {
        if ((await target.metrics()).connections <= connections) break;
        await sleep(250);
      }
      const held = (await target.metrics()).connections - connections;
      t.diagnostic(`${held} left after ${((performance.now() - start) / 1_000).toFixed(1)} s`);
      assert.ok(
        held <= 0,
        `${held} still held; open to the client: ${await connectedKinds(slow.sockets)}`,
      );
      reportSlowdown(t, alone, during);
    });
  });
}

/** Reports the slowdown, and asserts a wide limit only, because the machine is shared. */
function reportSlowdown(t: TestContext, alone: number, during: number): void {
  t.diagnostic(`slowdown of others: ${Math.round((during / alone - 1) * 100)} %`);
  assert.ok(during < Math.max(10 * alone, 250), `${alone} → ${during} ms`);
}

/** Counts the kinds of clients that are still connected, which only reading shows. */
async function connectedKinds(sockets: readonly Socket[]): Promise<string> {
  for (const socket of sockets) socket.resume();
  await sleep(500);
  const held = sockets.flatMap((socket, n) =>
    socket.closed || socket.readableEnded ? [] : [kindOf(n)],
  );
  const counts = Object.entries(Object.groupBy(held, (name) => name));
  return counts.map(([name, of]) => `${of?.length} that ${name}`).join(', ');
}
