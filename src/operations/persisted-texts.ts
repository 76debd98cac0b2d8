import { LRUCache } from 'lru-cache';

/** The memory that an entry takes besides its text and its hash, in characters. */
const OVERHEAD_CHARACTERS = 256;

export interface PersistedTexts {
  readonly has: (hash: string) => boolean;
  /** Returns the text and marks it as used. */
  readonly get: (hash: string) => string | undefined;
  readonly add: (hash: string, text: string) => void;
}

/**
 * Stores the texts of automatic persisted queries by hash, in a segmented LRU in the memory of this
 * process. A new text is unused; a request by its hash moves it to the used texts, which new texts
 * cannot evict. A used text that another used text evicts becomes unused again.
 *
 * @param maxCharacters - of both segments, half of it each
 */
export function createPersistedTexts(maxCharacters: number): PersistedTexts {
  const segment = {
    maxSize: maxCharacters / 2,
    sizeCalculation: (text: string, hash: string) =>
      text.length + hash.length + OVERHEAD_CHARACTERS,
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
