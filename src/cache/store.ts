import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import type { Log } from '../telemetry/log.ts';
import { fromText, sizeOf, toText } from './entry.ts';
import { hashKey } from './key.ts';
import type { CacheEntry } from './types.ts';

/** The memory that keyv and the LRU cache add to a text, approximately. */
const OVERHEAD_CHARACTERS = 256;

/** A bounded store of texts in the memory of this process. */
export function createTextStore(maxCharacters: number): Keyv<string> {
  const memory = new LRUCache<string, string>({
    maxSize: maxCharacters,
    sizeCalculation: (text, key) => text.length + key.length + OVERHEAD_CHARACTERS,
  });
  // keyv passes the time to live as a number, where lru-cache expects options and throws. It is not
  // needed here: keyv stores the expiry next to the value.
  const store = {
    get: (key: string) => memory.get(key),
    set: (key: string, text: string) => memory.set(key, text),
    delete: (key: string) => memory.delete(key),
    clear: () => memory.clear(),
  };
  return new Keyv<string>({ store, throwOnErrors: true });
}

/** Stores entries in two tiers: the process's memory, and a keyv store behind it. */
export interface EntryStore {
  /** The entry in memory, which may have expired or be purged. */
  readonly peek: (key: string) => CacheEntry | undefined;
  /** The entry in either tier, which may have expired or be purged. */
  readonly get: (key: string) => Promise<CacheEntry | undefined>;
  /** @param ttlMs - the time after which the entry is useless, in milliseconds */
  readonly set: (key: string, entry: CacheEntry, ttlMs: number) => void;
  readonly delete: (key: string) => void;
  /** The bytes and the number of the entries in memory. */
  readonly usage: () => { readonly bytes: number; readonly entries: number };
  /** Updates the size of an entry after a variant was added. */
  readonly resize: (key: string, entry: CacheEntry) => void;
}

/**
 * @param maxBytes - of the first tier
 * @param secondTier - holds entries that the first tier has evicted; no response waits for a write to it
 */
export function createEntryStore(
  maxBytes: number,
  secondTier: Keyv<string>,
  log: Pick<Log, 'warn'>,
): EntryStore {
  const memory = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => sizeOf(entry) + key.length,
  });

  const logFailure = (error: Error) =>
    log.warn({ reason: error.message }, 'cache write failed in the second tier');

  return {
    peek: (key) => memory.get(key),
    async get(key) {
      const known = memory.get(key);
      if (known) return known;
      const text = await secondTier.get(hashKey(key));
      if (text === undefined) return undefined;
      const entry = fromText(text);
      memory.set(key, entry);
      return entry;
    },
    set(key, entry, ttlMs) {
      memory.set(key, entry);
      secondTier.set(hashKey(key), toText(entry), ttlMs).catch(logFailure);
    },
    delete(key) {
      memory.delete(key);
      secondTier.delete(hashKey(key)).catch(logFailure);
    },
    usage: () => ({ bytes: memory.calculatedSize, entries: memory.size }),
    resize(key, entry) {
      if (memory.peek(key) === entry) memory.set(key, entry);
    },
  };
}
