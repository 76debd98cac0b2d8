import type { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { mayReplace } from '../cache-replacement.ts';
import type { Log } from '../telemetry/log.ts';
import { fromText, sizeOf, toText } from './entry.ts';
import { hashKey } from './key.ts';
import type { CacheEntry } from './types.ts';

type IsFresh = (entry: CacheEntry) => boolean;

/** The tier in Redis. It never rejects: a failure is a miss. */
export interface SharedTier {
  /** @returns an entry whose version is that of this process */
  readonly get: (hashedKey: string) => Promise<CacheEntry | undefined>;
  readonly set: (hashedKey: string, entry: CacheEntry, ttlMs: number) => Promise<void>;
  readonly delete: (hashedKey: string) => Promise<void>;
}

/** Stores entries in tiers: as objects in memory, as texts in keyv stores, and in Redis. */
export interface EntryStore {
  /** The entry in memory, which may have expired or be purged. */
  readonly peek: (key: string) => CacheEntry | undefined;
  /**
   * The entry in the first tier that has one that may be served; otherwise one that may have expired or
   * be purged.
   */
  readonly get: (key: string, isFresh?: IsFresh) => Promise<CacheEntry | undefined>;
  /** @param ttlMs - the time after which the entry is useless, in milliseconds */
  readonly set: (key: string, entry: CacheEntry, ttlMs: number) => void;
  readonly delete: (key: string) => void;
  /** The memory of the entries in this process, in bytes, and their number. */
  readonly usage: () => { readonly bytes: number; readonly entries: number };
  /** Updates the size of an entry after a variant was added. */
  readonly resize: (key: string, entry: CacheEntry) => void;
}

/**
 * @param maxBytes - of the first tier
 * @param secondTiers - asked in order if the first tier has no entry, or with a shared tier no fresh one;
 *   no response waits for a write to them, and a failure or a text that is not an entry is a miss
 * @param sharedTier - asked last, if none of them has a fresh entry
 */
export function createEntryStore(
  maxBytes: number,
  secondTiers: readonly Keyv<string>[],
  log: Pick<Log, 'warn'>,
  sharedTier?: SharedTier,
): EntryStore {
  const memory = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => sizeOf(entry) + key.length,
  });
  /**
   * The reads of second tiers in progress that no write has made outdated. A placeholder under the empty key,
   * which no response has, keeps the map from becoming empty: V8 would allocate a new table then, in its old
   * generation.
   */
  const reads = new Map<string, Promise<CacheEntry | undefined>>([['', PLACEHOLDER]]);

  const logReadFailure = (error: Error) =>
    log.warn({ reason: error.message }, 'cache read failed in a second tier');
  const logWriteFailure = (error: Error) =>
    log.warn({ reason: error.message }, 'cache write failed in a second tier');

  async function readSecondTiers(hashedKey: string, isFresh: IsFresh) {
    await afterEarlierWrites();
    let known: CacheEntry | undefined;
    for (const tier of secondTiers) {
      const text = await tier.get(hashedKey).catch(logReadFailure);
      known ??= typeof text === 'string' ? fromText(text) : undefined;
      if (known && isFresh(known)) return known;
    }
    // Another process may have stored a newer one.
    const shared = sharedTier && (await readSharedTier(sharedTier, hashedKey));
    return shared && shared.startedAt > (known?.startedAt ?? 0) ? shared : known;
  }

  async function readSharedTier({ get }: SharedTier, hashedKey: string) {
    const entry = await get(hashedKey);
    if (entry) writeSecondTiers(hashedKey, entry, entry.freshUntil - Date.now());
    return entry;
  }

  function writeSecondTiers(hashedKey: string, entry: CacheEntry, ttlMs: number): void {
    if (ttlMs <= 0) return;
    const text = toText(entry);
    for (const tier of secondTiers) tier.set(hashedKey, text, ttlMs).catch(logWriteFailure);
  }

  function keepInMemory(key: string, entry: CacheEntry): void {
    const hasRoom = memory.calculatedSize + sizeOf(entry) + key.length <= maxBytes;
    if (hasRoom || memory.has(key) || mayReplace()) memory.set(key, entry);
  }

  /** Reads an entry, into memory unless a write overtakes the read. */
  function read(key: string, isFresh: IsFresh): Promise<CacheEntry | undefined> {
    const reading = readSecondTiers(hashKey(key), isFresh)
      .catch(logReadFailure)
      .then((entry) => {
        if (reads.get(key) !== reading) return memory.get(key);
        reads.delete(key);
        if (entry) keepInMemory(key, entry);
        return entry ?? undefined;
      });
    reads.set(key, reading);
    return reading;
  }

  async function deleteFrom(tier: Keyv<string>, hashedKey: string): Promise<void> {
    await afterEarlierWrites();
    await tier.delete(hashedKey);
  }

  return {
    peek: (key) => memory.get(key),
    async get(key, isFresh = () => true) {
      const known = memory.get(key);
      if (known && (!sharedTier || isFresh(known))) return known;
      return reads.get(key) ?? read(key, isFresh);
    },
    set(key, entry, ttlMs) {
      reads.delete(key);
      memory.set(key, entry);
      const hashedKey = hashKey(key);
      writeSecondTiers(hashedKey, entry, ttlMs);
      void sharedTier?.set(hashedKey, entry, ttlMs);
    },
    delete(key) {
      reads.delete(key);
      memory.delete(key);
      const hashedKey = hashKey(key);
      for (const tier of secondTiers) deleteFrom(tier, hashedKey).catch(logWriteFailure);
      void sharedTier?.delete(hashedKey);
    },
    usage: () => ({ bytes: memory.calculatedSize, entries: memory.size }),
    resize(key, entry) {
      if (memory.peek(key) === entry) memory.set(key, entry);
    },
  };
}

const PLACEHOLDER = Promise.resolve(undefined);

/** keyv calls its store a microtask after `set`, so what must not overtake a write waits as long. */
const afterEarlierWrites = () => Promise.resolve();
