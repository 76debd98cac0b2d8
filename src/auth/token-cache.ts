import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_TOKENS = 20_000;
const MAX_AGE_MS = 60_000;

/**
 * A cache of verification results, since verifying a signature takes longer than a cached response.
 * Keys are hashes of the tokens. An entry lives for up to a minute, never beyond the token's expiry.
 */
export class TokenCache<V extends object> {
  // With `max`, all of its memory is allocated at once.
  readonly #entries = new LRUCache<string, V>({ maxSize: MAX_TOKENS, sizeCalculation: () => 1 });
  readonly #maxAgeMs: number;

  constructor(maxAgeMs = MAX_AGE_MS) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** @returns a copy, so that no object is shared between requests */
  get(token: string): V | undefined {
    const known = this.#entries.get(tokenHash(token));
    return known && { ...known };
  }

  /** @param exp - the token's expiry in seconds since the epoch */
  set(token: string, value: V, exp: number | undefined): void {
    const remainingMs = exp === undefined ? this.#maxAgeMs : exp * 1_000 - Date.now();
    if (remainingMs <= 0) return;
    this.#entries.set(tokenHash(token), value, { ttl: Math.min(this.#maxAgeMs, remainingMs) });
  }

  /** Called when the issuer's keys change: a cached token may be signed with a withdrawn key. */
  clear(): void {
    this.#entries.clear();
  }
}

const tokenHash = (token: string): string => hash('sha256', token, 'base64url');
