import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { connectReplicas, type Purge, Replicas } from '../../../src/cache/index.ts';
import { redisUrl } from '../../../src/config/parsers.ts';
import { createRedis } from '../../../src/redis/client.ts';
import type { RedisClient } from '../../../src/redis/connect.ts';
import type { Log } from '../../../src/telemetry/log.ts';
import { skipWithoutRedis, startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const ignore = () => undefined;
const log: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore };
const STATE = '{frontdesk:tags}:state';
const VERSIONS = '{frontdesk:tags}:versions';

/** Connects a replica, and records what the others make it purge. */
async function startReplica(url: URL) {
  const redis = await createRedis(redisUrl.parse(url.href), log);
  const { replicas, close } = await connectReplicas(redis, log);
  const purged: Purge[] = [];
  replicas.onPurge((purge) => void purged.push(purge));
  await until(() => {
    const stamp = replicas.stamp();
    return stamp !== undefined && replicas.accepts(stamp, []);
  });
  purged.length = 0;
  return {
    redis,
    replicas,
    purged,
    hasPurged: (tag: string) =>
      purged.some((purge) => purge.kind === 'everything' || purge.tags.includes(tag)),
    /** A response whose execution begins now. */
    begin: () => replicas.stamp() ?? assert.fail('not connected'),
    async [Symbol.asyncDispose]() {
      await close();
      redis.close();
    },
  };
}

describe('Replicas that share a Redis', { skip: skipWithoutRedis }, () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  before(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    await redis.restart();
  });
  after(() => redis[Symbol.asyncDispose]());

  it('apply each other’s purges, and no longer accept responses of earlier executions', async () => {
    await using one = await startReplica(redis.url);
    await using other = await startReplica(redis.url);
    const stamp = other.begin();
    assert.ok(other.replicas.accepts(stamp, ['Order:1']));
    await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] });

    await until(() => other.hasPurged('Order:1'));
    for (const { replicas } of [one, other]) {
      assert.ok(!replicas.accepts(stamp, ['Order:1']));
      assert.ok(replicas.accepts(stamp, ['Order:2']));
      assert.ok(replicas.accepts(one.begin(), ['Order:1']));
    }
  });

  it('do not apply their own purges a second time', async () => {
    await using one = await startReplica(redis.url);
    await using other = await startReplica(redis.url);
    await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] });
    await until(() => other.hasPurged('Order:1'));
    assert.deepEqual(one.purged, []);
  });

  it('get a purge that was sent while their subscription was lost', async () => {
    await using one = await startReplica(redis.url);
    await using other = await startReplica(redis.url);
    const stamp = other.begin();
    await one.redis.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] });
    await until(() => !other.replicas.accepts(stamp, ['Order:1']));
    assert.ok(other.hasPurged('Order:1'));
  });

  it('know the purges that were sent before their start', async () => {
    await using one = await startReplica(redis.url);
    const stamp = one.begin();
    await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] });
    await using late = await startReplica(redis.url);
    await until(() => late.replicas.accepts(late.begin(), ['Order:1']));
    assert.ok(!late.replicas.accepts(stamp, ['Order:1']));
    assert.ok(late.replicas.accepts(stamp, ['Order:2']));
  });

  it('know more purges than one reply has', async () => {
    await using one = await startReplica(redis.url);
    const stamp = one.begin();
    for (let start = 0; start < 12_000; start += 1_000) {
      const tags = Array.from({ length: 1_000 }, (_, n) => `Order:${start + n}`);
      await one.replicas.publish({ kind: 'tags', tags });
    }
    await using late = await startReplica(redis.url);
    await until(() => late.replicas.accepts(late.begin(), []));
    for (const tag of ['Order:0', 'Order:4999', 'Order:5000', 'Order:11999'])
      assert.ok(!late.replicas.accepts(stamp, [tag]), tag);
    assert.ok(late.replicas.accepts(stamp, ['Order:12000']));
  });

  it('accept no response with a tag that they have purged before Redis knows of it', async () => {
    await using one = await startReplica(redis.url);
    const stamp = one.begin();
    redis.pause();
    try {
      assert.equal(await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] }), undefined);
      assert.ok(!one.replicas.accepts(stamp, ['Order:1']));
      assert.ok(!one.replicas.accepts(one.begin(), ['Order:2', 'Order:1']));
    } finally {
      redis.resume();
    }
    await until(() => one.replicas.accepts(stamp, ['Order:2']));
    assert.ok(!one.replicas.accepts(stamp, ['Order:1']));
  });

  for (const [what, message] of Object.entries({
    'that is not a message': 'garbage',
    'that is not JSON': 'generation 1 {',
    'of a kind that a later release has': 'generation 1 {"origin":"x","purge":{"kind":"prefix"}}',
  })) {
    it(`survive a text ${what}`, async () => {
      await using one = await startReplica(redis.url);
      await using other = await startReplica(redis.url);
      await one.redis.client.publish('{frontdesk:tags}:purges', message);
      await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] });
      await until(() => other.hasPurged('Order:1'));
    });
  }

  it('deliver their purges to the others when Redis returns', async () => {
    await using one = await startReplica(redis.url);
    await using other = await startReplica(redis.url);
    redis.pause();
    await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] });
    redis.resume();
    await until(() => other.hasPurged('Order:1'));
  });

  const losses: Readonly<
    Record<string, (one: Awaited<ReturnType<typeof startReplica>>) => unknown>
  > = {
    'was restarted empty': () => redis.restart(),
    'has lost all keys': ({ redis: { client } }) => client.flushall(),
    'has evicted the versions of tags': ({ redis: { client } }) => client.del(VERSIONS),
    'has evicted the current version': ({ redis: { client } }) => client.del(STATE),
    'has continued from data of another server': ({ redis: { client } }) =>
      client.hset(STATE, 'run', '0'.repeat(40)),
  };
  for (const [name, lose] of Object.entries(losses)) {
    it(`begin a new generation if Redis ${name}`, async () => {
      await using one = await startReplica(redis.url);
      await using other = await startReplica(redis.url);
      await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] });
      const stamp = one.begin();
      one.purged.length = 0;
      other.purged.length = 0;
      await lose(one);
      await until(() => other.begin().generation !== stamp.generation);
      await until(() => one.begin().generation === other.begin().generation);
      assert.ok(one.hasPurged('anything') && other.hasPurged('anything'));
      assert.ok(!one.replicas.accepts(stamp, ['Order:2']));
    });
  }

  it('accept nothing that is older than the versions that Redis has dropped', async () => {
    await using one = await startReplica(redis.url);
    await one.replicas.publish({ kind: 'tags', tags: ['Order:1'] });
    const stamp = one.begin();
    await one.replicas.publish({ kind: 'tags', tags: ['Order:2'] });
    // As if 100,000 other tags had been purged.
    await one.redis.client
      .multi()
      .zrem(VERSIONS, 'Order:2')
      .hset(STATE, 'size', 1, 'floor', 2)
      .exec();
    await using late = await startReplica(redis.url);
    await until(() => late.replicas.accepts(late.begin(), ['Order:2']));
    assert.ok(!late.replicas.accepts(stamp, ['Order:2']));
  });
});

describe('Replicas of a Redis', { skip: skipWithoutRedis, concurrency: true }, () => {
  const troubles: Readonly<
    Record<string, (redis: Awaited<ReturnType<typeof startRedis>>, client: RedisClient) => unknown>
  > = {
    'that is gone': ({ kill }) => kill(),
    'that rejects purges because it is full': (_, client) =>
      client.call('CONFIG', 'SET', 'maxmemory', 1),
  };
  for (const [name, begin] of Object.entries(troubles)) {
    it(`${name} serve nothing older than 10 seconds`, async () => {
      await using redis = await startRedis();
      await using one = await startReplica(redis.url);
      await until(() => one.replicas.maxAgeMs() === Number.POSITIVE_INFINITY);
      await begin(redis, one.redis.client);
      await until(() => one.replicas.maxAgeMs() === 10_000);
    });
  }
});

describe('A replica that ends', () => {
  /** A replica whose Redis takes no purge until it is told to. */
  function createReplica() {
    const taken: Purge[] = [];
    const messages: string[] = [];
    let isUp = false;
    const replicas = new Replicas(
      {
        async purge({ purge }) {
          if (!isUp) throw new Error('down');
          taken.push(purge);
          return { generation: 'one', version: taken.length };
        },
        async changesSince() {
          if (!isUp) throw new Error('down');
          const changes = { floor: 0, versions: new Map(), receivedUpTo: 0, isComplete: true };
          return { generation: 'one', ...changes };
        },
      },
      { warn: (message: string) => void messages.push(message) },
    );
    const restore = () => {
      isUp = true;
    };
    return { replicas, taken, messages, restore };
  }

  const purge: Purge = { kind: 'tags', tags: ['Order:1'] };
  const LOST = 'purges lost: other replicas may serve what they have changed';

  it('delivers what Redis has not taken yet', async () => {
    const { replicas, taken, messages, restore } = createReplica();
    await replicas.publish(purge);
    restore();
    await replicas.close();
    assert.deepEqual(taken, [purge]);
    assert.ok(!messages.includes(LOST));
  });

  it('logs what it could not deliver', async () => {
    const { replicas, messages } = createReplica();
    await replicas.publish(purge);
    await replicas.close();
    assert.ok(messages.includes(LOST));
  });
});
