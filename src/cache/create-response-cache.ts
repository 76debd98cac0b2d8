import type { Log } from '../telemetry/log.ts';
import { ResponseCache } from './response-cache.ts';
import { createEntryStore, createTextStore } from './store.ts';
import type { TagVersions } from './tag-versions.ts';
import type { StaleWindows } from './types.ts';

interface CacheOptions {
  /** The memory for stored responses; 0 turns storing off. */
  readonly bytes: number;
  readonly tagVersions: TagVersions;
  readonly stale: StaleWindows;
  readonly log: Log;
}

/**
 * Creates the cache of a BFF. One half of its memory is for entries as they are sent, the other for those
 * that do not fit into the first one.
 */
export function createResponseCache({ bytes, ...options }: CacheOptions): ResponseCache {
  const createStore = () => createEntryStore(bytes / 2, createTextStore(bytes / 2), options.log);
  return new ResponseCache({ ...options, store: bytes > 0 ? createStore() : undefined });
}
