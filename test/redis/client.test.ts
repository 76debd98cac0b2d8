import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientTls } from '../../src/config/index.ts';
import { redisUrl } from '../../src/config/parsers.ts';
import { createRedis, type SharedRedis } from '../../src/redis/client.ts';
import { createKeyv } from '../../src/redis/keyv.ts';
import { createRateLimiter } from '../../src/traffic/index.ts';
import { createCertificates } from '../support/certificates.ts';
import { type RedisTls, skipWithoutRedis, startRedis } from '../support/redis.ts';
import { startCluster, startSentinel } from '../support/redis-topologies.ts';
import { until } from '../support/until.ts';

/** Long enough that a busy machine does not look like a hanging Redis. */
const TIMEOUT_MS = 5_000;
/** Most of their time is waiting for servers to find each other. */
const TOPOLOGIES = { skip: skipWithoutRedis, concurrency: true };
/** Keys in the slots of all nodes. */
const KEYS = Array.from({ length: 30 }, (_, n) => `key-${n}`);

async function open(url: string | URL, options: { tls?: ClientTls; timeoutMs?: number } = {}) {
  const messages: string[] = [];
  const record = (fields: unknown, message?: string) => messages.push(message ?? String(fields));
  const log = { warn: record } as never;
  const redis = await createRedis(redisUrl.parse(String(url)), log, {
    timeoutMs: TIMEOUT_MS,
    ...options,
  });
  const texts = createKeyv(redis, 'cache:');
  return {
    redis,
    messages,
    get: (key: string) => redis.run(() => texts.get(key)),
    set: (key: string, text: string, ttlMs?: number) =>
      redis.run(() => texts.set(key, text, ttlMs)),
    [Symbol.dispose]: redis.close,
  };
}

type Opened = Awaited<ReturnType<typeof open>>;

const isDone = (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => true,
    () => false,
  );

/** Keeps the process busy, in milliseconds. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Subscribes to a channel on a connection of its own. */
async function subscribe({ duplicate }: SharedRedis, channel: string) {
  const messages: string[] = [];
  const subscriber = await duplicate();
  subscriber.on('message', (_channel: string, message: string) => messages.push(message));
  // As ioredis would do it, without catching that a command times out.
  subscriber.on('ready', () => {
    subscriber.subscribe(channel).catch(() => undefined);
  });
  if (subscriber.status !== 'ready') await once(subscriber, 'ready');
  await subscriber.subscribe(channel);
  return {
    messages,
    onReady: (listener: () => void) => subscriber.on('ready', listener),
    [Symbol.dispose]: () => subscriber.disconnect(),
  };
}

const receives = (messages: readonly string[], { redis }: Opened, text: string) =>
  until(async () => {
    await redis.run((client) => client.publish('purges', text)).catch(() => {});
    return messages.includes(text);
  });

describe('The Redis client', { skip: skipWithoutRedis }, () => {
  it('logs in as the user of its address, and selects its database', async () => {
    const rights = ['~*', '&*', '-@all', '+@read', '+@write', '+@connection'];
    const others = ['--user', 'default', 'on', 'nopass', '-@all', '+ping'];
    const user = ['--user', 'frontdesk', 'on', '>p@ss/word', ...rights];
    await using server = await startRedis({ args: [...others, ...user] });
    using redis = await open(`redis://frontdesk:p%40ss%2Fword@127.0.0.1:${server.port}/3`);
    await redis.set('a', 'text');
    assert.equal(await redis.get('a'), 'text');
    const list = await redis.redis.run((client) => client.client('INFO'));
    assert.match(String(list), / db=3 .* user=frontdesk /);
    using refused = await open(`redis://frontdesk:wrong@127.0.0.1:${server.port}`);
    assert.equal(await refused.redis.isUp(), false);
  });

  it('replaces a connection that does not reply any more', async () => {
    await using server = await startRedis();
    await using proxy = await startProxy(server.port);
    using redis = await open(`redis://127.0.0.1:${proxy.port}`, { timeoutMs: 50 });
    await until(redis.redis.isUp);
    proxy.silenceConnections();
    await until(async () => !(await redis.redis.isUp()));
    await until(redis.redis.isUp);
  });

  it('survives a process that is too busy to subscribe again in time', async () => {
    await using server = await startRedis();
    using redis = await open(server.url, { timeoutMs: 50 });
    using subscriber = await subscribe(redis.redis, 'purges');
    let wasBusy = false;
    subscriber.onReady(() => {
      if (!wasBusy) block(200);
      wasBusy = true;
    });
    await redis.redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => wasBusy);
    await receives(subscriber.messages, redis, 'one');
  });

  it('reports when to subscribe again after Redis has returned', async () => {
    await using server = await startRedis();
    using redis = await open(server.url);
    using subscriber = await subscribe(redis.redis, 'purges');
    await receives(subscriber.messages, redis, 'one');
    await server.restart();
    await receives(subscriber.messages, redis, 'two');
  });
});

describe('Texts in Redis', { skip: skipWithoutRedis }, () => {
  it('are stored as they are, under their prefix, and expire in Redis', async () => {
    await using server = await startRedis();
    using redis = await open(server.url);
    const { client } = redis.redis;
    await redis.set('a', '{"a":"ü"}', 60_000.5);
    await redis.set('b', ':text');
    assert.deepEqual((await client.keys('*')).sort(), ['cache:a', 'cache:b']);
    assert.equal(await client.get('cache:a'), '{"a":"ü"}');
    const ttlMs = await client.pttl('cache:a');
    assert.ok(ttlMs > 50_000 && ttlMs <= 60_001, String(ttlMs));
    assert.equal(await client.pttl('cache:b'), -1);
    assert.equal(await redis.get('a'), '{"a":"ü"}');
    assert.equal(await redis.get('b'), ':text');
    assert.equal(await redis.get('c'), undefined);
    await redis.set('d', 'short', 1);
    await until(async () => (await redis.get('d')) === undefined);
  });

  it('can be deleted', async () => {
    await using server = await startRedis();
    using redis = await open(server.url);
    const texts = createKeyv(redis.redis, 'cache:');
    await redis.set('a', 'text');
    assert.deepEqual([await texts.delete('a'), await texts.delete('a')], [true, false]);
    assert.equal(await redis.get('a'), undefined);
  });

  it('reject a key of another type, a full Redis and a lost one', async () => {
    await using server = await startRedis();
    using redis = await open(server.url);
    await redis.redis.client.hset('cache:a', 'field', 'value');
    await assert.rejects(redis.get('a'), /WRONGTYPE/);
    await redis.redis.client.config('SET', 'maxmemory', '1');
    await assert.rejects(redis.set('b', 'text'), /OOM/);
    assert.equal(await redis.get('b'), undefined);
    assert.deepEqual(redis.messages, ['Redis rejected a command']);
    await server.kill();
    await assert.rejects(redis.get('b'));
  });
});

describe('A Redis with Sentinel or as a cluster', TOPOLOGIES, () => {
  let certificates: Awaited<ReturnType<typeof createCertificates>>;
  let serverTls: RedisTls;
  let tls: ClientTls;
  before(async () => {
    certificates = await createCertificates();
    const authority = await certificates.authority();
    const client = await certificates.issue(authority);
    const certificate = await certificates.issue(authority);
    serverTls = { certificate, ca: authority.cert, client };
    const [ca, cert, key] = [authority.cert, client.cert, client.key].map((path) =>
      readFileSync(path, 'utf8'),
    ) as [string, string, string];
    tls = { ca, cert, key };
  });
  after(() => certificates?.[Symbol.asyncDispose]());

  for (const secure of [false, true]) {
    const kind = secure ? ' with TLS' : '';
    const connectTo = (url: string) => open(url, secure ? { tls } : {});

    it(`continues${kind} with the new primary after a failover`, async () => {
      await using sentinel = await startSentinel(secure ? serverTls : undefined);
      using redis = await connectTo(sentinel.url);
      await until(redis.redis.isUp);
      using subscriber = await subscribe(redis.redis, 'purges');
      await receives(subscriber.messages, redis, 'one');
      await sentinel.primary.kill();
      await until(() => isDone(redis.set('a', 'text')));
      assert.equal(await redis.get('a'), 'text');
      await receives(subscriber.messages, redis, 'two');
      assert.deepEqual(redis.messages.slice(0, 2), [
        'Redis unavailable: rate limits are counted per process, responses are not shared',
        'Redis available again',
      ]);
    });

    it(`serves${kind} all slots of a cluster, and the others while a node is lost`, async () => {
      await using cluster = await startCluster(secure ? serverTls : undefined);
      using redis = await connectTo(cluster.url);
      await until(redis.redis.isUp);
      for (const key of KEYS) await redis.set(key, key);
      for (const key of KEYS) assert.equal(await redis.get(key), key);
      using subscriber = await subscribe(redis.redis, 'purges');
      await receives(subscriber.messages, redis, 'one');

      const [lost] = cluster.nodes;
      await lost?.kill();
      await until(async () => !(await redis.redis.isUp()));
      for (let n = 0; n < 8; n++) {
        assert.equal(await redis.redis.isUp(), false);
        await sleep(150);
      }
      const found = await Promise.all(KEYS.map((key) => isDone(redis.get(key))));
      const count = found.filter(Boolean).length;
      assert.ok(count >= 5 && count <= 28, String(found));
      await receives(subscriber.messages, redis, 'two');
      assert.deepEqual([...new Set(redis.messages)], ['Redis rejected a command']);
      await lost?.restart();
      await until(redis.redis.isUp);
      await until(async () =>
        (await Promise.all(KEYS.map((key) => isDone(redis.get(key))))).every(Boolean),
      );
    });
  }

  it('counts the rate limits of replicas in a cluster', async () => {
    await using cluster = await startCluster();
    const limits = { address: 1_000, viewer: 1_000 };
    using one = await open(cluster.url);
    using other = await open(cluster.url);
    await until(async () => (await one.redis.isUp()) && (await other.redis.isUp()));
    const limiters = [one, other].map(({ redis }) => createRateLimiter({ limits, redis }));
    const headers = [];
    for (const limiter of limiters) {
      const charged = ['anna', 'ben', 'cleo'].map(async (viewer, n) =>
        limiter.take({ address: `192.0.2.${n}`, viewer }, 10),
      );
      headers.push(...(await Promise.all(charged)).map(({ ratelimit = '' }) => ratelimit));
    }
    for (const [n, text] of headers.entries()) {
      const left = n < 3 ? 990 : 980;
      assert.match(text, new RegExp(`^"address";r=${left};t=\\d+, "viewer";r=${left};`));
    }
    assert.deepEqual(one.messages, []);
  });
});

/** Starts a proxy whose connections can be silenced: what they get is dropped. New ones work. */
async function startProxy(target: number) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const redis = connect(target, '127.0.0.1').on('error', () => {});
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => redis.destroy());
    socket.pipe(redis).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    silenceConnections() {
      for (const socket of sockets) socket.unpipe().resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
