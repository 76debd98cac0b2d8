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
      // A value that was copied to another key is of another viewer.
      if (typeof text !== 'string' || !text.startsWith(hashedKey)) return undefined;
      const entry = fromText(text.slice(hashedKey.length));
      if (!entry?.stamp || !replicas.accepts(entry.stamp, entry.tags)) return undefined;
      const latest = Date.now() + entry.maxAge * 1_000;
      return {
        ...entry,
        // From here on, this process's own versions apply.
        version: tagVersions.current,
        // The clock of the other replica may be ahead.
        startedAt: Math.min(entry.startedAt, Date.now()),
        freshUntil: Math.min(entry.freshUntil, latest),
      };
    },
    async set(hashedKey, entry, ttlMs) {
      if (!entry.stamp) return;
      const text = hashedKey + toText(entry);
      await redis.run(() => texts.set(hashedKey, text, ttlMs)).catch(ignore);
    },
    async delete(hashedKey) {
      await redis.run(() => texts.delete(hashedKey)).catch(ignore);
    },
  };
}

/** The connection logs its own loss. */
const ignore = () => undefined;
