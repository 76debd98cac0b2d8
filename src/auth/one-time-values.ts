import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SharedRedis } from '../redis/client.ts';

const MAX_VALUES = 100_000;

interface OneTimeValueOptions {
  /** Shares the values among replicas. */
  readonly redis?: SharedRedis | undefined;
  /** Shares the values without Redis, among the workers of one replica; false if it was used before. */
  readonly useInWorkers?: ((key: string, lifetimeMs: number) => Promise<boolean>) | undefined;
}

/**
 * Remembers values that may be used once, by their hashes: by all replicas if there is a Redis, otherwise
 * by all workers. While these are unavailable, each process decides alone. A process remembers the last
 * 100,000 values.
 * @param prefix - of the keys in Redis
 */
export function createOneTimeValues(
  prefix: string,
  { redis, useInWorkers }: OneTimeValueOptions = {},
) {
  // With `max`, all of its memory is allocated at once.
  const used = new LRUCache<string, true>({ maxSize: MAX_VALUES, sizeCalculation: () => 1 });

  const useInRedis = (key: string, lifetimeMs: number) =>
    redis
      ?.run((client) => client.set(prefix + key, '1', 'PX', lifetimeMs, 'NX'))
      .then((reply) => reply === 'OK');

  return {
    /**
     * Uses a value.
     * @param lifetimeMs - the time after which the value is invalid for another reason
     * @returns false if it was used before
     */
    async use(value: string, lifetimeMs: number): Promise<boolean> {
      const key = hash('sha256', value, 'base64url');
      if (used.has(key)) return false;
      used.set(key, true, { ttl: lifetimeMs });
      const shared = useInRedis(key, lifetimeMs) ?? useInWorkers?.(key, lifetimeMs);
      return shared?.catch(() => true) ?? true;
    },
  };
}

export type OneTimeValues = ReturnType<typeof createOneTimeValues>;
