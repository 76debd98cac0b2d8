import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';

/** A bounded store of texts in this process's memory; `most` is in characters, keys not counted. */
export function createTextStore(most: number): Keyv<string> {
  const memory = new LRUCache<string, string>({
    maxSize: most,
    sizeCalculation: (text) => Math.max(1, text.length),
  });
  return new Keyv<string>({ store: memory });
}
