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

/** How long a slow client may hold a connection, in milliseconds. */
const MOST_HELD_MS = 15_000;
/** What a noisy machine adds to that. */
const SLACK_MS = 3_000;
/** Balancers keep connections for a minute, and break requests if the server is sooner. */
const MOST_KEPT_MS = 75_000;
const DRIP_MS = 1_000;
const ASKED = shortOrFull(50, 300);

const READ = { query: '{ __typename }' };
const HEAD = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
/** Some 20 kB each: more in all than what the kernel holds for those who do not read. */
const BIG_ANSWER = '{__schema{types{name description fields{name description}}}}';
const ASKS_MUCH = `GET /graphql?query=${BIG_ANSWER} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(60);
/** How many of the slow clients ask for much, and read nothing of it; more would be a flood. */
const EVERY = 50;

/** What each kind of slow client writes at once, and then byte by byte. */
const KINDS: Readonly<Record<string, { readonly first: string; readonly drip?: string }>> = {
  'say nothing': { first: '' },
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
  return n % EVERY === 0 ? 'read nothing of what they ask for' : (names[n % names.length] ?? '');
}

/** Slow clients of every kind, each a connection that is never read from. */
async function startSlowClients(url: string, count: number) {
  const sockets = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const { first, drip } = KINDS[kindOf(n)] ?? { first: ASKS_MUCH };
      const socket = await openConnection(url);
      socket.pause();
      if (first) socket.write(first);
      return { socket, drip };
    }),
  );
  const timer = setInterval(() => {
    for (const { socket, drip } of sockets) if (drip && socket.writable) socket.write(drip);
  }, DRIP_MS);
  return {
    sockets: sockets.map(({ socket }) => socket),
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const { socket } of sockets) socket.destroy();
    },
  };
}

/** @returns how long answers take, in milliseconds, from the shortest to the longest */
async function timesOf(endpoint: string): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < ASKED; n++) {
    const { status, ms, text } = await send(jsonPost(endpoint, READ));
    assert.equal(status, 200, text);
    times.push(ms);
  }
  return times.sort((a, b) => a - b);
}

const p99 = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)] ?? 0;

for (const bff of BFFS) {
  describe(`${bff.name}: slow clients`, () => {
    it('take no turn of others, and their time is short', async () => {
      await using environment = await startEnvironment(bff);
      using slow = await startSlowClients(environment.url, 50);
      await timesOf(environment.endpoint);
      assert.equal(slow.sockets.length, 50);

      const { server } = environment.app;
      // Node looks for those that are late at an interval, so that the two add up.
      const { connectionsCheckingInterval: interval } = server as never;
      for (const [what, ms] of Object.entries({
        headers: server.headersTimeout + Number(interval),
        'the whole request': server.requestTimeout + Number(interval),
        'without a byte in either direction': server.timeout,
      })) {
        assert.ok(ms > 0 && ms <= MOST_HELD_MS, `${what}: ${ms} ms`);
      }
      assert.ok(
        server.keepAliveTimeout <= MOST_KEPT_MS,
        `${server.keepAliveTimeout} ms kept alive`,
      );
    });

    it('lose their connections, a thousand at once', { skip: SKIP_IN_SHORT_MODE }, async (t) => {
      await using target = await startTargetProcess(bff);
      await timesOf(target.endpoint);
      const alone = p99(await timesOf(target.endpoint));
      const { connections } = await target.metrics();
      const start = performance.now();
      using slow = await startSlowClients(target.url, 1_000);
      t.diagnostic(`${(await target.metrics()).connections - connections} connections held`);
      // Until what was asked for at once is done with.
      await until(async () => (await send(jsonPost(target.endpoint, READ))).status === 200);
      const beside = p99(await timesOf(target.endpoint));
      t.diagnostic(`p99 of others: ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} ms beside`);

      while (performance.now() - start < MOST_HELD_MS + SLACK_MS) {
        if ((await target.metrics()).connections <= connections) break;
        await sleep(250);
      }
      const held = (await target.metrics()).connections - connections;
      t.diagnostic(`${held} left after ${((performance.now() - start) / 1_000).toFixed(1)} s`);
      assert.ok(
        held <= 0,
        `${held} still held; open to the client: ${await kindsHeld(slow.sockets)}`,
      );
      tellSlack(t, alone, beside);
    });
  });
}

/** Reported alone: on a machine that does other things as well, 20 % says little. */
function tellSlack(t: TestContext, alone: number, beside: number): void {
  t.diagnostic(`others wait ${Math.round((beside / alone - 1) * 100)} % longer`);
  assert.ok(beside < Math.max(10 * alone, 250), `${alone} → ${beside} ms`);
}

/** Which kinds of clients still have their connections: reading tells. */
async function kindsHeld(sockets: readonly Socket[]): Promise<string> {
  for (const socket of sockets) socket.resume();
  await sleep(500);
  const held = sockets.flatMap((socket, n) =>
    socket.closed || socket.readableEnded ? [] : [kindOf(n)],
  );
  const counts = Object.entries(Object.groupBy(held, (name) => name));
  return counts.map(([name, of]) => `${of?.length} that ${name}`).join(', ');
}
