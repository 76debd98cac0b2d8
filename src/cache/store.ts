import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';

/** A bounded store of texts in this process's memory; `most` is in characters, keys not counted. */
export function createTextStore(most: number): Keyv<string> {
  const memory = new LRUCache<string, string>({
    maxSize: most,
    sizeCalculation: (text) => Math.max(1, text.length),
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
