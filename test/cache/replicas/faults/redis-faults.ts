import { Redis } from 'ioredis';
import { startRedis } from '../../../support/redis.ts';
import { startSentinel } from '../../../support/redis-topologies.ts';
import { startProxy } from '../../../support/tcp-proxy.ts';

const SLOW_MS = 200;
const GARBAGE_INTERVAL_MS = 50;

/** A trouble of Redis. */
export interface RedisFault {
  /** False if purges arrive as usual. */
  readonly delaysPurges: boolean;
  readonly begin: () => unknown;
  /** Undefined for one that is over when `begin` returns. */
  readonly end?: () => unknown;
  /** The duration in the long form, if it has one of its own. */
  readonly longMs?: number;
}

interface Topology extends AsyncDisposable {
  /** The REDIS_URL of the replicas. */
  readonly url: string;
  readonly faults: Readonly<Record<string, RedisFault>>;
}

async function startStandalone(): Promise<Topology> {
  const redis = await startRedis();
  const admin = async <T>(use: (client: Redis) => Promise<T>): Promise<T> => {
    const client = new Redis(redis.url.href);
    return use(client).finally(() => client.disconnect());
  };
  const limitMemory = (policy: string, bytes: (used: number) => number) => () =>
    admin(async (client) => {
      const [, used] = /used_memory:(\d+)/.exec(await client.info('memory')) ?? [];
      await client.config('SET', 'maxmemory-policy', policy);
      await client.config('SET', 'maxmemory', bytes(Number(used)));
    });
  const unlimitMemory = limitMemory('noeviction', () => 0);
  let timer: NodeJS.Timeout | undefined;

  return {
    url: redis.url.href,
    faults: {
      'killed, and started empty later': {
        delaysPurges: true,
        begin: redis.kill,
        end: redis.restart,
      },
      paused: {
        delaysPurges: true,
        begin: redis.pause,
        end: redis.resume,
        longMs: 5_000,
      },
      'restarted empty': { delaysPurges: true, begin: redis.restart },
      'garbage under all response keys': {
        delaysPurges: false,
        begin() {
          timer = setInterval(() => void admin(overwriteResponses), GARBAGE_INTERVAL_MS);
        },
        end: () => clearInterval(timer),
      },
      'out of memory, noeviction': {
        delaysPurges: true,
        begin: limitMemory('noeviction', () => 1),
        end: unlimitMemory,
      },
      'out of memory, volatile-lru': {
        delaysPurges: true,
        begin: limitMemory('volatile-lru', (used) => used),
        end: unlimitMemory,
      },
    },
    [Symbol.asyncDispose]: redis[Symbol.asyncDispose],
  };
}

async function overwriteResponses(client: Redis): Promise<void> {
  const keys = await client.keys('frontdesk:response:*');
  await Promise.all(keys.map((key) => client.set(key, 'garbage', 'KEEPTTL')));
}

async function startProxied(): Promise<Topology> {
  await using started = new AsyncDisposableStack();
  const redis = started.use(await startRedis());
  const proxy = started.use(await startProxy(redis.url));
  const resources = started.move();
  return {
    url: proxy.url.href,
    faults: {
      'slow by 200 ms': {
        delaysPurges: true,
        begin: () => proxy.delay(SLOW_MS),
        end: () => proxy.delay(0),
      },
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function startFailover(): Promise<Topology> {
  const sentinel = await startSentinel();
  return {
    url: sentinel.url,
    faults: {
      'primary killed, replaced by Sentinel': { delaysPurges: true, begin: sentinel.primary.kill },
    },
    [Symbol.asyncDispose]: sentinel[Symbol.asyncDispose],
  };
}

/** What runs Redis, and its faults by name. */
export const TOPOLOGIES: Readonly<Record<string, () => Promise<Topology>>> = {
  'one Redis': startStandalone,
  'a Redis behind a proxy': startProxied,
  'a Redis with a Sentinel': startFailover,
};
