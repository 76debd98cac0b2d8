import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SharedRedis } from '../../redis/client.ts';

const MAX_VALUES = 100_000;

/**
 * Remembers values that may be used once: by all replicas if there is a Redis, otherwise by this process.
 * While Redis is unavailable, each process decides alone.
 * @param prefix - of the keys in Redis
 */
export function createOneTimeValues(redis: SharedRedis | undefined, prefix: string) {
  // With `max`, all of its memory is allocated at once.
  const used = new LRUCache<string, true>({ maxSize: MAX_VALUES, sizeCalculation: () => 1 });

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
      const reply = redis?.run((client) => client.set(prefix + key, '1', 'PX', lifetimeMs, 'NX'));
      return reply === undefined || (await reply.catch(() => 'OK')) === 'OK';
    },
  };
}

export type OneTimeValues = ReturnType<typeof createOneTimeValues>;
