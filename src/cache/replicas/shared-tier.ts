import type { Keyv } from 'keyv';
import type { SharedRedis } from '../../redis/client.ts';
import { createKeyv } from '../../redis/keyv.ts';
import { fromText, toText } from '../entry.ts';
import type { SharedTier } from '../store.ts';
import type { TagVersions } from '../tag-versions.ts';
import type { Replicas } from './replicas.ts';

// Followed by the hash of the cache key, which begins with the BFF and its schema.
const PREFIX = 'frontdesk:response:';

interface SharedTierOptions {
  readonly redis: SharedRedis;
  readonly replicas: Pick<Replicas, 'accepts'>;
  readonly tagVersions: Pick<TagVersions, 'current'>;
}

/**
 * Creates the tier that all replicas share. It is a miss if Redis does not reply in time, if the text is
 * not an entry, or if a purge has made the entry stale.
 */
export function createSharedTier({ redis, replicas, tagVersions }: SharedTierOptions): SharedTier {
  const texts: Keyv<string> = createKeyv(redis, PREFIX);
  return {
    async get(hashedKey) {
      const text = await redis.run(() => texts.get(hashedKey)).catch(ignore);
      const entry = typeof text === 'string' ? fromText(text) : undefined;
      if (!entry?.stamp || !replicas.accepts(entry.stamp, entry.tags)) return undefined;
      // From here on, this process's own versions apply.
      return { ...entry, version: tagVersions.current };
    },
    async set(hashedKey, entry, ttlMs) {
      if (entry.stamp)
        await redis.run(() => texts.set(hashedKey, toText(entry), ttlMs)).catch(ignore);
    },
    async delete(hashedKey) {
      await redis.run(() => texts.delete(hashedKey)).catch(ignore);
    },
  };
}

/** The connection logs its own loss. */
const ignore = () => undefined;
