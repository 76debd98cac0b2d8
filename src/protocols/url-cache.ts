import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { mayReplace } from '../cache-replacement.ts';
import type { OperationInput } from '../pipeline/index.ts';

interface KnownUrl {
  readonly url: string;
  readonly input: OperationInput;
}

const MAX_URLS = 1_000;
const MAX_URL_LENGTH = 2_000;

/**
 * Keeps the parsed operations of frequent URLs, so that the same URL gives the same object, on which
 * what follows from its variables is kept.
 */
export function createUrlCache() {
  // By checksum, because V8 moves each string that a map is asked for to its old generation.
  const known = new LRUCache<number, KnownUrl>({ max: MAX_URLS });

  return {
    get(url: string): OperationInput | undefined {
      const found = known.get(checksumOf(url));
      return found?.url === url ? found.input : undefined;
    },
    add(url: string, input: OperationInput): void {
      const isKept = url.length <= MAX_URL_LENGTH && (known.size < MAX_URLS || mayReplace());
      if (isKept) known.set(checksumOf(url), { url, input });
    },
  };
}

/** A small integer of V8, which has a sign. */
const checksumOf = (url: string): number => crc32(url) | 0;

export function searchOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}
