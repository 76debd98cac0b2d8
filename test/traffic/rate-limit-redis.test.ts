import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { redisUrl } from '../../src/config/parsers.ts';
import { BffError } from '../../src/errors.ts';
import { createRedis } from '../../src/redis/client.ts';
import { createRateLimiter, type RateLimiter } from '../../src/traffic/index.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { startListener, startProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const ADDRESS = '192.0.2.1';
/** Each of two replicas may charge 2 % that the other one does not know of. */
const MAX_DEVIATION = 1.04;
const ANONYMOUS = { address: ADDRESS, viewer: undefined };
/** Long enough that a busy machine does not look like a hanging Redis. */
const LONG_TIMEOUT_MS = 10_000;
/** Three failures open the circuit; those that a busy process saw late do not count. */
const MAX_DELAYED = 100;

interface Options {
  readonly address?: number;
  readonly viewer?: number;
  readonly windowSeconds?: number;
  readonly timeoutMs?: number;
}

/** Starts the rate limiter of one replica. */
async function startReplica(url: URL, options: Options = {}) {
  const { address = 0, viewer = 0, windowSeconds = 60, timeoutMs } = options;
  const messages: string[] = [];
  const record = (fields: unknown, message?: string) => messages.push(message ?? String(fields));
  const ignore = () => {};
  const log = { error: record, warn: record, info: ignore, debug: ignore } as never;
  const redis = await createRedis(redisUrl.parse(url.href), log, { timeoutMs });
  const limiter = createRateLimiter({ limits: { address, viewer }, redis, windowSeconds });
  return {
    ...limiter,
    client: redis.client as Redis,
    messages,
    isReady: () => redis.client.status === 'ready',
    [Symbol.dispose]: redis.close,
  };
}

/** @returns false if the rate limit is exceeded; throws any other error */
async function isAccepted(
  { take }: RateLimiter,
  keys: Parameters<RateLimiter['take']>[0],
  cost = 1,
) {
  try {
    await take(keys, cost);
    return true;
  } catch (error) {
    assert.ok(error instanceof BffError && error.code === 'RATE_LIMITED', String(error));
    return false;
  }
}

/** Takes from several loops at once until all are refused, and counts the accepted ones. */
async function takeAll(replica: RateLimiter, loops: number, cost: number): Promise<number> {
  const each = async () => {
    let taken = 0;
    while (await isAccepted(replica, { address: ADDRESS, viewer: 'anna' }, cost)) taken++;
    return taken;
  };
  const all = await Promise.all(Array.from({ length: loops }, each));
  return all.reduce((sum, taken) => sum + taken, 0);
}

const countOf = async (client: Redis, key = ADDRESS) =>
  client.get(`{frontdesk:rate}:address:${key}`);

/** Calls of a command since the start of Redis, also those of scripts. */
async function callsOf(client: Redis, command: string): Promise<number> {
  const stats = await client.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** Keeps this process busy, so that none of its timers runs. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

let clients = 0;
/** A client whose count is not known yet, so that the limiter has to ask Redis. */
const nextKeys = () => ({ address: `10.1.${clients >> 8}.${clients++ & 255}`, viewer: undefined });

function startTake({ take }: RateLimiter) {
  let isSettled = false;
  const taken = Promise.resolve(take(nextKeys(), 1)).then(() => {
    isSettled = true;
  });
  return { taken, isSettled: () => isSettled };
}

/** Takes, and tells whether that waited for Redis. What is counted per process is settled at once. */
async function isDelayed(limiter: RateLimiter): Promise<boolean> {
  const { taken, isSettled } = startTake(limiter);
  await new Promise(setImmediate);
  const waits = !isSettled();
  await taken;
  return waits;
}

/** Measures sequential calls, in milliseconds; the longest last. */
async function durationsOf(count: number, take: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    await take();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

describe('Rate limits in Redis', { skip: skipWithoutRedis }, () => {
  it('are shared by replicas under concurrent requests', async () => {
    await using redis = await startRedis();
    const options = { address: 100_000, viewer: 3_000, timeoutMs: LONG_TIMEOUT_MS };
    using a = await startReplica(redis.url, options);
    using b = await startReplica(redis.url, options);
    await until(() => a.isReady() && b.isReady());

    const [ofA, ofB] = await Promise.all([takeAll(a, 50, 3), takeAll(b, 50, 3)]);

    const used = (ofA + ofB) * 3;
    assert.ok(used >= 3_000 / MAX_DEVIATION && used <= 3_000 * MAX_DEVIATION, String(used));
    assert.ok(ofA > 0 && ofB > 0);
  });

  it('do not wait for Redis once the count of a key is known', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 1_000 });
    await until(replica.isReady);
    await replica.take(ANONYMOUS, 1);
    assert.ok(!(replica.take(ANONYMOUS, 1) instanceof Promise));
    assert.ok(replica.take(ANONYMOUS, 20) instanceof Promise, 'a fiftieth of the limit');
    await until(async () => (await countOf(replica.client)) === '22');
  });

  it('send what no request waits for in one command, each key once', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 100_000, viewer: 100_000 });
    await until(replica.isReady);
    const anna = { address: ADDRESS, viewer: 'anna' };
    await replica.take(anna, 1);
    for (let n = 0; n < 50; n++) assert.ok(!(replica.take(anna, 2) instanceof Promise));
    await until(async () => (await countOf(replica.client)) === '101');

    assert.equal(await replica.client.get('{frontdesk:rate}:viewer:anna'), '101');
    assert.equal(await callsOf(replica.client, 'eval'), 2);
    assert.equal(await callsOf(replica.client, 'incrby'), 4);
  });

  it('send what has gathered with the next charge that a request waits for', async () => {
    await using redis = await startRedis();
    const options = { address: 100_000, viewer: 100_000, timeoutMs: LONG_TIMEOUT_MS };
    using replica = await startReplica(redis.url, options);
    await until(replica.isReady);
    const anna = { address: ADDRESS, viewer: 'anna' };
    await replica.take(anna, 1);
    assert.ok(!(replica.take(anna, 2) instanceof Promise));
    const headers = await replica.take({ address: ADDRESS, viewer: 'berta' }, 4);

    assert.match(headers.ratelimit ?? '', /^"address";r=99993;t=\d+, "viewer";r=99996;/);
    assert.equal(await countOf(replica.client), '7');
    assert.equal(await replica.client.get('{frontdesk:rate}:viewer:anna'), '3');
    assert.equal(await callsOf(replica.client, 'eval'), 2);
  });

  it('send what has gathered before they close', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 1_000, timeoutMs: LONG_TIMEOUT_MS });
    await until(replica.isReady);
    await replica.take(ANONYMOUS, 1);
    assert.ok(!(replica.take(ANONYMOUS, 2) instanceof Promise));
    await replica.flush();
    assert.equal(await countOf(replica.client), '3');
  });

  it('count what has gathered at the end of a window in the next one', async () => {
    await using redis = await startRedis();
    const options = { address: 1_000, windowSeconds: 1, timeoutMs: LONG_TIMEOUT_MS };
    using replica = await startReplica(redis.url, options);
    await until(replica.isReady);
    await replica.take(ANONYMOUS, 1);
    await sleep(900);
    await replica.take(ANONYMOUS, 3);
    block(150);
    const headers = await replica.take(ANONYMOUS, 4);
    assert.match(headers.ratelimit ?? '', /^"address";r=993;t=1$/);
    assert.equal(await countOf(replica.client), '7');
  });

  it('count cost units under their prefix for one window', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, {
      address: 100,
      viewer: 200,
      timeoutMs: LONG_TIMEOUT_MS,
    });
    await until(replica.isReady);
    await replica.take({ address: '::ffff:192.0.2.1', viewer: 'issuer:anna' }, 7);
    const headers = await replica.take({ address: '2001:db8::1', viewer: 'issuer:anna' }, 1.5);

    assert.match(headers.ratelimit ?? '', /^"address";r=98;t=(60|5\d), "viewer";r=191;t=(60|5\d)$/);
    const keys = (await replica.client.keys('*')).sort();
    assert.deepEqual(keys, [
      '{frontdesk:rate}:address:192.0.2.1',
      '{frontdesk:rate}:address:2001:db8:0:0::/64',
      '{frontdesk:rate}:viewer:issuer:anna',
    ]);
    assert.equal(await countOf(replica.client), '7');
    for (const key of keys) assert.ok((await replica.client.pttl(key)) > 50_000);
  });

  it('start a new window after the last, regardless of refused requests', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, {
      address: 5,
      windowSeconds: 1,
      timeoutMs: LONG_TIMEOUT_MS,
    });
    await until(replica.isReady);
    const start = performance.now();
    assert.ok(await isAccepted(replica, ANONYMOUS, 5));
    await until(() => isAccepted(replica, ANONYMOUS, 5));
    assert.ok(performance.now() - start >= 990);
  });

  it('refuse exhausted keys without calling Redis, even if another replica exhausted them', async () => {
    await using redis = await startRedis();
    using a = await startReplica(redis.url, { address: 5, timeoutMs: LONG_TIMEOUT_MS });
    using b = await startReplica(redis.url, { address: 5, timeoutMs: LONG_TIMEOUT_MS });
    await until(() => a.isReady() && b.isReady());
    await a.take(ANONYMOUS, 5);
    b.refuseExhausted({ address: ADDRESS });
    assert.equal(await isAccepted(b, ANONYMOUS), false);

    const counted = await countOf(b.client);
    for (let n = 0; n < 20; n++)
      assert.throws(() => b.take(ANONYMOUS, 1), { code: 'RATE_LIMITED' });
    assert.throws(() => b.refuseExhausted({ address: ADDRESS }), { code: 'RATE_LIMITED' });
    assert.equal(await countOf(b.client), counted);
  });

  it('charge an address in the background', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 5, timeoutMs: LONG_TIMEOUT_MS });
    await until(replica.isReady);
    replica.charge(ADDRESS, 3);
    await until(async () => (await countOf(replica.client)) === '3');
    await redis.kill();
    replica.charge(ADDRESS, 3);
    await until(async () => !(await isAccepted(replica, ANONYMOUS)));
  });

  it('continue from the last count when Redis is killed, and use Redis again when it returns', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 1_000, timeoutMs: LONG_TIMEOUT_MS });
    await until(replica.isReady);
    await replica.take(ANONYMOUS, 900);
    await redis.kill();
    await until(() => !replica.isReady());

    assert.ok(await isAccepted(replica, ANONYMOUS, 100));
    assert.equal(await isAccepted(replica, ANONYMOUS, 1), false);
    for (let n = 0; n < 50; n++)
      assert.ok(await isAccepted(replica, { ...ANONYMOUS, address: `10.0.0.${n}` }));
    assert.deepEqual(replica.messages, [
      'Redis unavailable: rate limits are counted per process, responses are not shared',
    ]);

    await redis.restart();
    await waitUntilRedisCounts(replica);
    assert.deepEqual(replica.messages.slice(1), ['Redis available again']);
  });

  it('delay few requests when Redis hangs, and use Redis again when it resumes', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 1_000_000 });
    await until(replica.isReady);
    await replica.take(ANONYMOUS, 1);
    redis.pause();

    let delayed = 0;
    // A probe that this busy process saw late closes the circuit again.
    const untilOpen = async () => {
      while (!replica.messages.at(-1)?.startsWith('Redis unavailable')) {
        assert.ok(++delayed <= MAX_DELAYED, 'requests go on waiting for Redis');
        await isDelayed(replica);
      }
    };
    let probes = 0;
    for (let n = 0; n < 300; n++) {
      await untilOpen();
      if (await isDelayed(replica)) probes++;
    }
    assert.ok(probes <= 15, String(probes));
    // Later requests do not wait for a probe.
    await until(async () => {
      await untilOpen();
      const probe = startTake(replica);
      await new Promise(setImmediate);
      let others = 0;
      for (; others < 10 && !probe.isSettled(); others++) assert.ok(!(await isDelayed(replica)));
      await probe.taken;
      return others === 10;
    });

    redis.resume();
    await waitUntilRedisCounts(replica);
  });

  it('do not count a reply that this busy process read late as a failure of Redis', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 1_000 });
    await until(replica.isReady);
    redis.pause();
    const pending: Promise<boolean>[] = [];
    for (let n = 0; n < 6; n++) {
      pending.push(isAccepted(replica, ANONYMOUS));
      await new Promise(setImmediate);
    }
    block(120);
    redis.resume();
    assert.deepEqual(await Promise.all(pending), Array(6).fill(true));
    assert.deepEqual(replica.messages, []);
  });

  it('delay few requests when Redis is slow', async () => {
    await using redis = await startRedis();
    await using slow = await startProxy(redis.url, 40);
    using replica = await startReplica(slow.url, { address: 1_000_000 });
    await until(replica.isReady);

    const times = await durationsOf(300, () => replica.take(ANONYMOUS, 1));
    assert.ok(times.filter((ms) => ms > 35).length <= 15, `${times.slice(-20)}`);

    slow.delay(0);
    await waitUntilRedisCounts(replica);
  });

  it('count per process only the key that holds another type or an invalid number', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, {
      address: 10,
      viewer: 100,
      timeoutMs: LONG_TIMEOUT_MS,
    });
    await until(replica.isReady);
    const { client } = replica;
    await client.hset('{frontdesk:rate}:address:192.0.2.1', 'a', 'b');
    await client.set('{frontdesk:rate}:address:192.0.2.2', 'x');
    await client.set('{frontdesk:rate}:address:192.0.2.3', '9223372036854775807');
    await client.set('{frontdesk:rate}:address:192.0.2.4', '-5');

    for (const n of [1, 2, 3]) {
      const keys = { address: `192.0.2.${n}`, viewer: `viewer-${n}` };
      assert.ok(await isAccepted(replica, keys, 6), `key ${n}`);
      assert.equal(await isAccepted(replica, keys, 6), false, `key ${n}`);
      assert.equal(await client.get(`{frontdesk:rate}:viewer:viewer-${n}`), '12');
    }
    const { ratelimit } = await replica.take({ address: '192.0.2.4', viewer: 'viewer-4' }, 6);
    assert.match(ratelimit ?? '', /^"address";r=4;/);
    assert.deepEqual(replica.messages, []);
  });

  it('count per process while Redis rejects writes, and log it once', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 10, timeoutMs: LONG_TIMEOUT_MS });
    await until(replica.isReady);
    await replica.take(ANONYMOUS, 4);
    await replica.client.config('SET', 'maxmemory', '1');
    assert.ok(await isAccepted(replica, ANONYMOUS, 6));
    assert.equal(await isAccepted(replica, ANONYMOUS), false);
    assert.ok(await isAccepted(replica, { ...ANONYMOUS, address: '192.0.2.2' }));
    assert.equal(await countOf(replica.client), '4');
    assert.deepEqual(replica.messages, ['Redis rejected a command']);
  });

  it('set the expiry of a count that has none', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 10, timeoutMs: LONG_TIMEOUT_MS });
    await until(replica.isReady);
    await replica.client.set('{frontdesk:rate}:address:192.0.2.1', '11');
    assert.equal(await isAccepted(replica, ANONYMOUS), false);
    assert.ok((await replica.client.pttl('{frontdesk:rate}:address:192.0.2.1')) > 0);
  });

  it('continue after Redis has lost its scripts and its data', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 10, timeoutMs: LONG_TIMEOUT_MS });
    await until(replica.isReady);
    await replica.take(ANONYMOUS, 6);
    await replica.client.script('FLUSH');
    await replica.client.flushall();
    assert.ok(await isAccepted(replica, ANONYMOUS, 6));
    assert.deepEqual(replica.messages, []);
  });

  it('close their connection immediately, even if Redis hangs', async () => {
    await using redis = await startRedis();
    const replica = await startReplica(redis.url, { address: 10 });
    await until(replica.isReady);
    redis.pause();
    const pending = isAccepted(replica, ANONYMOUS);
    const start = performance.now();
    replica[Symbol.dispose]();
    assert.ok(await pending);
    await until(() => replica.client.status === 'end');
    assert.ok(performance.now() - start < 1_500);
    assert.deepEqual(replica.messages, []);
  });
});

describe('Rate limits without a working Redis', () => {
  it('are counted per process if the port is closed, and that is logged once', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    using replica = await startReplica(new URL(`redis://127.0.0.1:${port}`), { address: 10 });
    await until(() => replica.messages.length > 0);

    for (let n = 0; n < 10; n++) assert.ok(await isAccepted(replica, ANONYMOUS));
    assert.equal(await isAccepted(replica, ANONYMOUS), false);
    await sleep(300); // Several connection attempts.
    assert.deepEqual(replica.messages, [
      'Redis unavailable: rate limits are counted per process, responses are not shared',
    ]);
  });

  for (const [behaviour, reply] of [
    ['is silent', ''],
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
    ['replies with an unexpected type', ':1\r\n'],
    ['replies with malformed data', '*3\r\n$-1\r\n+\r\n$5\r\nab\r\n\x00\x00'],
  ] as const) {
    it(`are counted per process if the server ${behaviour}`, async () => {
      await using other = await startListener((socket) => {
        socket.on('data', () => socket.write(reply));
      });
      using replica = await startReplica(other.url, { address: 10 });
      await until(() => replica.isReady() || replica.messages.length > 0);
      for (let n = 0; n < 10; n++) assert.ok(await isAccepted(replica, ANONYMOUS));
      assert.equal(await isAccepted(replica, ANONYMOUS), false);
    });
  }
});

/** Waits until Redis counts the requests of another address. */
async function waitUntilRedisCounts(replica: Awaited<ReturnType<typeof startReplica>>) {
  const keys = { address: '198.51.100.1', viewer: undefined };
  await until(async () => {
    await replica.take(keys, 1);
    return (await countOf(replica.client, keys.address).catch(() => null)) !== null;
  });
}
