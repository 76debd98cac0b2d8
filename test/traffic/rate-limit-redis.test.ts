import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'iovalkey';
import { BffError } from '../../src/errors.ts';
import { createRedis } from '../../src/redis/client.ts';
import { createRateLimiter, type RateLimiter } from '../../src/traffic/index.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const HERE = '192.0.2.1';
const NOBODY = { address: HERE, viewer: undefined };
/** So long that a busy machine is not taken for a Redis that hangs. */
const PATIENT_MS = 10_000;

interface Options {
  readonly address?: number;
  readonly viewer?: number;
  readonly windowSeconds?: number;
  readonly timeoutMs?: number;
}

/** One replica, connected. */
async function startReplica(url: URL, options: Options = {}) {
  const { address = 0, viewer = 0, windowSeconds = 60, timeoutMs } = options;
  const said: string[] = [];
  const say = (_details: unknown, message?: string) => said.push(message ?? String(_details));
  const ignore = () => {};
  // What is lost and what is back is said at one level.
  const log = { error: say, warn: say, info: ignore, debug: ignore } as never;
  const redis = await createRedis(url, log, timeoutMs);
  const limiter = createRateLimiter({ limits: { address, viewer }, redis, windowSeconds });
  return {
    ...limiter,
    client: redis.client,
    said,
    isReady: () => redis.client.status === 'ready',
    [Symbol.dispose]: redis.close,
  };
}

/** @returns whether it was let through; fails if it was refused for another reason */
async function isTaken(
  { take }: RateLimiter,
  payers: Parameters<RateLimiter['take']>[0],
  cost = 1,
) {
  try {
    await take(payers, cost);
    return true;
  } catch (error) {
    assert.ok(error instanceof BffError && error.code === 'RATE_LIMITED', String(error));
    return false;
  }
}

/** How many of so many takers at once are let through until all are refused. */
async function takeAll(replica: RateLimiter, takers: number, cost: number): Promise<number> {
  const each = async () => {
    let taken = 0;
    while (await isTaken(replica, { address: HERE, viewer: 'anna' }, cost)) taken++;
    return taken;
  };
  const all = await Promise.all(Array.from({ length: takers }, each));
  return all.reduce((sum, taken) => sum + taken, 0);
}

const countOf = async (client: Redis, key = HERE) => client.get(`frontdesk:rate:address:${key}`);

/** How long so many takes take, one after the other, in milliseconds; the longest last. */
async function timesOf(count: number, take: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    await take();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

describe('rate limits on Redis', { skip: skipWithoutRedis }, () => {
  it('are shared by replicas, also under many takers at once', async () => {
    await using redis = await startRedis();
    const options = { address: 100_000, viewer: 3_000, timeoutMs: PATIENT_MS };
    using a = await startReplica(redis.url, options);
    using b = await startReplica(redis.url, options);
    await until(() => a.isReady() && b.isReady());

    const [ofA, ofB] = await Promise.all([takeAll(a, 50, 3), takeAll(b, 50, 3)]);

    assert.equal((ofA + ofB) * 3, 3_000);
    assert.ok(ofA > 0 && ofB > 0);
  });

  it('count cost units under our prefix, for one window', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, {
      address: 100,
      viewer: 200,
      timeoutMs: PATIENT_MS,
    });
    await until(replica.isReady);
    await replica.take({ address: '::ffff:192.0.2.1', viewer: 'issuer:anna' }, 7);
    const headers = await replica.take({ address: '2001:db8::1', viewer: 'issuer:anna' }, 1.5);

    assert.match(headers.ratelimit ?? '', /^"address";r=98;t=(60|5\d), "viewer";r=191;t=(60|5\d)$/);
    const keys = (await replica.client.keys('*')).sort();
    assert.deepEqual(keys, [
      'frontdesk:rate:address:192.0.2.1',
      'frontdesk:rate:address:2001:db8:0:0::/64',
      'frontdesk:rate:viewer:issuer:anna',
    ]);
    assert.equal(await countOf(replica.client), '7');
    for (const key of keys) assert.ok((await replica.client.pttl(key)) > 50_000);
  });

  it('begin anew after the window, however often it was tried meanwhile', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, {
      address: 5,
      windowSeconds: 1,
      timeoutMs: PATIENT_MS,
    });
    await until(replica.isReady);
    const start = performance.now();
    assert.ok(await isTaken(replica, NOBODY, 5));
    await until(() => isTaken(replica, NOBODY, 5));
    assert.ok(performance.now() - start >= 990);
  });

  it('do not ask Redis about who has nothing left, also on a replica that was told by another', async () => {
    await using redis = await startRedis();
    using a = await startReplica(redis.url, { address: 5, timeoutMs: PATIENT_MS });
    using b = await startReplica(redis.url, { address: 5, timeoutMs: PATIENT_MS });
    await until(() => a.isReady() && b.isReady());
    await a.take(NOBODY, 5);
    b.refuseExhausted({ address: HERE });
    assert.equal(await isTaken(b, NOBODY), false);

    const counted = await countOf(b.client);
    for (let n = 0; n < 20; n++) assert.throws(() => b.take(NOBODY, 1), { code: 'RATE_LIMITED' });
    assert.throws(() => b.refuseExhausted({ address: HERE }), { code: 'RATE_LIMITED' });
    assert.equal(await countOf(b.client), counted);
  });

  it('charge without anyone waiting for it', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 5, timeoutMs: PATIENT_MS });
    await until(replica.isReady);
    replica.charge(HERE, 3);
    await until(async () => (await countOf(replica.client)) === '3');
    await redis.kill();
    replica.charge(HERE, 3);
    await until(async () => !(await isTaken(replica, NOBODY)));
  });

  it('go on from what was counted when Redis is killed, and come back with it', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 1_000, timeoutMs: PATIENT_MS });
    await until(replica.isReady);
    await replica.take(NOBODY, 900);
    await redis.kill();
    await until(() => !replica.isReady());

    assert.ok(await isTaken(replica, NOBODY, 100));
    assert.equal(await isTaken(replica, NOBODY, 1), false);
    for (let n = 0; n < 50; n++)
      assert.ok(await isTaken(replica, { ...NOBODY, address: `10.0.0.${n}` }));
    assert.deepEqual(replica.said, ['Redis unavailable: rate limits are counted per process']);

    await redis.restart();
    await isCountedAgain(replica);
    assert.deepEqual(replica.said.slice(1), ['Redis available again']);
  });

  it('hold up few when Redis hangs, and use it again when it goes on', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 1_000_000 });
    await until(replica.isReady);
    await replica.take(NOBODY, 1);
    redis.pause();

    const times = await timesOf(300, () => replica.take(NOBODY, 1));
    // Three until the breaker opens, and its probes.
    assert.ok(times.filter((ms) => ms > 25).length <= 15, `${times.slice(-20)}`);
    // Nobody waits for the one that asks whether it is back.
    const others: Promise<number[]>[] = [];
    for (let n = 0; n < 300; n++) {
      others.push(timesOf(1, () => replica.take(NOBODY, 1)));
      await sleep(1);
    }
    const waits = (await Promise.all(others)).flat().sort((a, b) => a - b);
    assert.ok(waits.filter((ms) => ms > 25).length <= 15, `${waits.slice(-20)}`);

    redis.resume();
    await isCountedAgain(replica);
  });

  it('do not blame Redis for what this process was too busy to read', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 1_000 });
    await until(replica.isReady);
    redis.pause();
    const asked: Promise<boolean>[] = [];
    for (let n = 0; n < 6; n++) {
      asked.push(isTaken(replica, NOBODY));
      await new Promise(setImmediate);
    }
    const end = performance.now() + 120;
    while (performance.now() < end);
    redis.resume();
    assert.deepEqual(await Promise.all(asked), Array(6).fill(true));
    assert.deepEqual(replica.said, []);
  });

  it('hold up few when Redis is slow', async () => {
    await using redis = await startRedis();
    await using slow = await startProxy(redis.url, 40);
    using replica = await startReplica(slow.url, { address: 1_000_000 });
    await until(replica.isReady);

    const times = await timesOf(300, () => replica.take(NOBODY, 1));
    assert.ok(times.filter((ms) => ms > 25).length <= 15, `${times.slice(-20)}`);

    slow.delay(0);
    await isCountedAgain(replica);
  });

  it('count alone for a key with something else in it, and for no other', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, {
      address: 10,
      viewer: 100,
      timeoutMs: PATIENT_MS,
    });
    await until(replica.isReady);
    const { client } = replica;
    await client.hset('frontdesk:rate:address:192.0.2.1', 'a', 'b');
    await client.set('frontdesk:rate:address:192.0.2.2', 'x');
    await client.set('frontdesk:rate:address:192.0.2.3', '9223372036854775807');
    await client.set('frontdesk:rate:address:192.0.2.4', '-5');

    for (const n of [1, 2, 3]) {
      const payers = { address: `192.0.2.${n}`, viewer: `viewer-${n}` };
      assert.ok(await isTaken(replica, payers, 6), `key ${n}`);
      assert.equal(await isTaken(replica, payers, 6), false, `key ${n}`);
      assert.equal(await client.get(`frontdesk:rate:viewer:viewer-${n}`), '12');
    }
    const { ratelimit } = await replica.take({ address: '192.0.2.4', viewer: 'viewer-4' }, 6);
    assert.match(ratelimit ?? '', /^"address";r=4;/);
    assert.deepEqual(replica.said, []);
  });

  it('count alone while Redis takes no writes, and say so once', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 10, timeoutMs: PATIENT_MS });
    await until(replica.isReady);
    await replica.take(NOBODY, 4);
    await replica.client.config('SET', 'maxmemory', '1');
    assert.ok(await isTaken(replica, NOBODY, 6));
    assert.equal(await isTaken(replica, NOBODY), false);
    assert.ok(await isTaken(replica, { ...NOBODY, address: '192.0.2.2' }));
    assert.equal(await countOf(replica.client), '4');
    assert.deepEqual(replica.said, ['Redis rejected a command']);
  });

  it('give a count without an end an end', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 10, timeoutMs: PATIENT_MS });
    await until(replica.isReady);
    await replica.client.set('frontdesk:rate:address:192.0.2.1', '11');
    assert.equal(await isTaken(replica, NOBODY), false);
    assert.ok((await replica.client.pttl('frontdesk:rate:address:192.0.2.1')) > 0);
  });

  it('survive that Redis forgets its scripts and its data', async () => {
    await using redis = await startRedis();
    using replica = await startReplica(redis.url, { address: 10, timeoutMs: PATIENT_MS });
    await until(replica.isReady);
    await replica.take(NOBODY, 6);
    await replica.client.script('FLUSH');
    await replica.client.flushall();
    assert.ok(await isTaken(replica, NOBODY, 6));
    assert.deepEqual(replica.said, []);
  });

  it('end their connection at once, also while nobody answers', async () => {
    await using redis = await startRedis();
    const replica = await startReplica(redis.url, { address: 10 });
    await until(replica.isReady);
    redis.pause();
    const asked = isTaken(replica, NOBODY);
    const start = performance.now();
    replica[Symbol.dispose]();
    assert.ok(await asked);
    await until(() => replica.client.status === 'end');
    assert.ok(performance.now() - start < 1_500);
    assert.deepEqual(replica.said, []);
  });
});

describe('rate limits where there is no Redis', () => {
  it('are counted here if nobody listens, and it is said once', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    using replica = await startReplica(new URL(`redis://127.0.0.1:${port}`), { address: 10 });
    await until(() => replica.said.length > 0);

    for (let n = 0; n < 10; n++) assert.ok(await isTaken(replica, NOBODY));
    assert.equal(await isTaken(replica, NOBODY), false);
    await sleep(300); // a few attempts to connect
    assert.deepEqual(replica.said, ['Redis unavailable: rate limits are counted per process']);
  });

  for (const [what, answer] of [
    ['is silent', ''],
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
    ['answers with something else', ':1\r\n'],
    ['answers without sense', '*3\r\n$-1\r\n+\r\n$5\r\nab\r\n\x00\x00'],
  ] as const) {
    it(`are counted here if what listens ${what}`, async () => {
      await using other = await startListener((socket) => {
        socket.on('data', () => socket.write(answer));
      });
      using replica = await startReplica(other.url, { address: 10 });
      await until(() => replica.isReady() || replica.said.length > 0);
      for (let n = 0; n < 10; n++) assert.ok(await isTaken(replica, NOBODY));
      assert.equal(await isTaken(replica, NOBODY), false);
    });
  }
});

/** Redis counts what another address pays. */
async function isCountedAgain(replica: Awaited<ReturnType<typeof startReplica>>) {
  const payers = { address: '198.51.100.1', viewer: undefined };
  await until(async () => {
    await replica.take(payers, 1);
    return (await countOf(replica.client, payers.address).catch(() => null)) !== null;
  });
}

async function startListener(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What goes through it to Redis and back is held up, in order. */
async function startProxy({ port }: URL, delayMs: number) {
  let ms = 0;
  const listener = await startListener((socket) => {
    const redis = connect(Number(port), '127.0.0.1').on('error', () => {});
    socket.on('data', (chunk) => redis.write(chunk)).on('close', () => redis.destroy());
    let last = Promise.resolve();
    redis.on('data', (chunk) => {
      const held = sleep(ms);
      last = last.then(() => held).then(() => void socket.write(chunk));
    });
    ms = delayMs;
  });
  return {
    ...listener,
    delay(next: number) {
      ms = next;
    },
  };
}
