import { LRUCache } from 'lru-cache';

/** What an entry takes in memory besides its text and its hash, in characters. */
const OVERHEAD = 256;

export interface PersistedTexts {
  readonly has: (hash: string) => boolean;
  /** The text, which is in use from now on. */
  readonly get: (hash: string) => string | undefined;
  readonly add: (hash: string, text: string) => void;
}

/**
 * The texts of automatic persisted queries by hash, a segmented LRU in the memory of this process: a
 * text that is added is unused; when it is asked for by its hash, it moves to the used ones, which new
 * texts cannot evict. A used text that has to give way to another used one becomes unused again.
 *
 * @param maxCharacters - of both segments, half of it each
 */
export function createPersistedTexts(maxCharacters: number): PersistedTexts {
  const segment = {
    maxSize: maxCharacters / 2,
    sizeCalculation: (text: string, hash: string) => text.length + hash.length + OVERHEAD,
  };
  const unused = new LRUCache<string, string>(segment);
  const used = new LRUCache<string, string>({
    ...segment,
    dispose(text, hash, reason) {
      if (reason === 'evict') unused.set(hash, text);
    },
  });
  const has = (hash: string) => used.has(hash) || unused.has(hash);

  return {
    has,
    get(hash) {
      const text = used.get(hash) ?? unused.peek(hash);
      if (text === undefined || !unused.delete(hash)) return text;
      used.set(hash, text);
      return text;
    },
    add(hash, text) {
      if (!has(hash)) unused.set(hash, text);
    },
  };
}
