import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_TOKENS = 20_000;

interface Entry<V> {
  readonly value: V;
  /** In milliseconds since the epoch, as tokens state it: a clock that pauses with the machine would be late. */
  readonly expiresAt: number;
}

/**
 * A cache of verification results, since verifying a signature takes longer than a cached response.
 * Keys are hashes of the tokens. An entry lives until the token's expiry.
 */
export class TokenCache<V extends object> {
  // With `max`, all of its memory is allocated at once.
  readonly #entries = new LRUCache<string, Entry<V>>({
    maxSize: MAX_TOKENS,
    sizeCalculation: () => 1,
  });
  readonly #maxAgeMs: number;

  /** @param maxAgeMs - of entries whose tokens can be revoked before they expire */
  constructor(maxAgeMs = Number.POSITIVE_INFINITY) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** @returns a copy, so that no object is shared between requests */
  get(token: string): V | undefined {
    const key = tokenHash(token);
    const known = this.#entries.get(key);
    if (!known) return undefined;
    if (Date.now() < known.expiresAt) return { ...known.value };
    this.#entries.delete(key);
    return undefined;
  }

  /** @param exp - the token's expiry in seconds since the epoch */
  set(token: string, value: V, exp = Number.POSITIVE_INFINITY): void {
    const expiresAt = Math.min(exp * 1_000, Date.now() + this.#maxAgeMs);
    this.#entries.set(tokenHash(token), { value, expiresAt });
  }

  /** Called when the issuer's keys change: a cached token may be signed with a withdrawn key. */
  clear(): void {
    this.#entries.clear();
  }
}

const tokenHash = (token: string): string => hash('sha256', token, 'base64url');
