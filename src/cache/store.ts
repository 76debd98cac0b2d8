import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { type CacheEntry, fromText, sizeOf, toText } from './entry.ts';
import { hashKey } from './key.ts';

/** What keyv adds to a text, and the memory to both, about. */
const OVERHEAD = 256;

/** A bounded store of texts in this process's memory; `most` is in characters. */
export function createTextStore(most: number): Keyv<string> {
  const memory = new LRUCache<string, string>({
    maxSize: most,
    sizeCalculation: (text, key) => text.length + key.length + OVERHEAD,
  });
  // keyv gives the time to live as a number, which lru-cache takes for its options, and throws. It
  // needs none here: keyv keeps the expiry next to the value.
  const store = {
    get: (key: string) => memory.get(key),
    set: (key: string, text: string) => memory.set(key, text),
    delete: (key: string) => memory.delete(key),
    clear: () => memory.clear(),
  };
  return new Keyv<string>({ store, throwOnErrors: true });
}

/** Two tiers of entries: the process's memory, and a keyv behind it. */
export interface EntryStore {
  /** What the memory has; whoever asks decides whether it is still good. */
  readonly peek: (key: string) => CacheEntry | undefined;
  /** What either tier has. */
  readonly get: (key: string) => Promise<CacheEntry | undefined>;
  /** @param keepMs - how long it may be of use, in milliseconds */
  readonly set: (key: string, entry: CacheEntry, keepMs: number) => Promise<void>;
  readonly delete: (key: string) => Promise<void>;
  /** Reckons the size anew of an entry that has got a variant. */
  readonly resize: (key: string, entry: CacheEntry) => void;
}

/**
 * @param bytes - the most that the memory holds
 * @param behind - where entries are found that the memory has no more
 */
export function createEntryStore(bytes: number, behind: Keyv<string>): EntryStore {
  const memory = new LRUCache<string, CacheEntry>({
    maxSize: bytes,
    sizeCalculation: (entry, key) => sizeOf(entry) + key.length,
  });

  return {
    peek: (key) => memory.get(key),
    async get(key) {
      const known = memory.get(key);
      if (known) return known;
      const text = await behind.get(hashKey(key));
      if (text === undefined) return undefined;
      const entry = fromText(text);
      memory.set(key, entry);
      return entry;
    },
    async set(key, entry, keepMs) {
      memory.set(key, entry);
      await behind.set(hashKey(key), toText(entry), keepMs);
    },
    async delete(key) {
      memory.delete(key);
      await behind.delete(hashKey(key));
    },
    resize(key, entry) {
      if (memory.peek(key) === entry) memory.set(key, entry);
    },
  };
}
