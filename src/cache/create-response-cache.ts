import type { SharedRedis } from '../redis/client.ts';
import type { Log } from '../telemetry/log.ts';
import { createPackedTier, PackedStore } from './packed-store.ts';
import { createSharedTier, type Replicas } from './replicas/index.ts';
import { ResponseCache } from './response-cache.ts';
import { createEntryStore, type EntryStore, type SharedTier } from './store.ts';
import type { TagVersions } from './tag-versions.ts';
import type { StaleWindows } from './types.ts';

/** Limit of the first tier. Garbage collection takes up to four times as much memory for its strings. */
const MAX_HOT_BYTES = 8_388_608;

interface CacheOptions {
  /** The memory for stored responses; 0 turns storing off. */
  readonly bytes: number;
  readonly tagVersions: TagVersions;
  /** The replicas that share a Redis with this process, and the connection to it. */
  readonly replicas: Replicas | undefined;
  readonly redis: SharedRedis | undefined;
  readonly stale: StaleWindows;
  readonly log: Log;
}

/** Creates the cache of a BFF. */
export function createResponseCache({ bytes, redis, ...options }: CacheOptions): ResponseCache {
  const { replicas, tagVersions, log } = options;
  const sharedTier = redis && replicas && createSharedTier({ redis, replicas, tagVersions });
  const store = bytes > 0 ? createMemoryStore(bytes, log, sharedTier) : undefined;
  return new ResponseCache({ ...options, store });
}

/**
 * One half of the memory, up to MAX_HOT_BYTES, is for entries as they are sent; the rest is for all of
 * them in packed form.
 */
export function createMemoryStore(
  bytes: number,
  log: Pick<Log, 'warn'>,
  sharedTier?: SharedTier,
): EntryStore {
  const hotBytes = Math.min(bytes / 2, MAX_HOT_BYTES);
  const packed = new PackedStore(bytes - hotBytes);
  const store = createEntryStore(hotBytes, [createPackedTier(packed)], log, sharedTier);
  return {
    ...store,
    usage() {
      const [inFirst, inSecond] = [store.usage(), packed.usage()];
      // Most entries of the first tier are in the second one too.
      const entries = Math.max(inFirst.entries, inSecond.entries);
      return { bytes: inFirst.bytes + inSecond.bytes, entries };
    },
  };
}
