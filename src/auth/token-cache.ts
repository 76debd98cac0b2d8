import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_TOKENS = 20_000;

interface Entry<V> {
  readonly value: V;
  /** The token's expiry, in milliseconds since the epoch. */
  readonly expiresAt: number;
  /** In milliseconds on the monotonic clock of `performance.now()`. */
  readonly staleAt: number;
}

/**
 * A cache of verification results, since verifying a signature takes longer than a cached response.
 * Keys are hashes of the tokens. An entry lives up to a maximum age, never beyond the token's expiry.
 */
export class TokenCache<V extends object> {
  // With `max`, all of its memory is allocated at once.
  readonly #entries = new LRUCache<string, Entry<V>>({
    maxSize: MAX_TOKENS,
    sizeCalculation: () => 1,
  });
  readonly #maxAgeMs: number;

  /** @param maxAgeMs - infinite if whatever changes a result also clears the cache */
  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  /** @returns a copy, so that no object is shared between requests */
  get(token: string): V | undefined {
    const key = tokenHash(token);
    const known = this.#entries.get(key);
    if (!known) return undefined;
    const { value, expiresAt, staleAt } = known;
    if (Date.now() < expiresAt && performance.now() < staleAt) return { ...value };
    this.#entries.delete(key);
    return undefined;
  }

  /** @param exp - the token's expiry in seconds since the epoch; undefined if it has none */
  set(token: string, value: V, exp: number | undefined): void {
    const expiresAt = exp === undefined ? Number.POSITIVE_INFINITY : exp * 1_000;
    if (expiresAt <= Date.now()) return;
    const staleAt = performance.now() + this.#maxAgeMs;
    this.#entries.set(tokenHash(token), { value: { ...value }, expiresAt, staleAt });
  }

  /** Called when the issuer's keys change: a cached token may be signed with a withdrawn key. */
  clear(): void {
    this.#entries.clear();
  }
}

const tokenHash = (token: string): string => hash('sha256', token, 'base64url');
