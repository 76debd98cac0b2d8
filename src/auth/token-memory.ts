import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MOST_TOKENS = 20_000;
const REMEMBERED_MS = 60_000;

/**
 * What was found out about a token lately, for a minute unless it is told otherwise: to verify a
 * signature takes longer than to answer from a cache. Tokens are known by their hash only, and none
 * beyond its own expiry.
 */
export class TokenMemory<V extends object> {
  readonly #known = new LRUCache<string, V>({ max: MOST_TOKENS });
  readonly #longestMs: number;

  constructor(longestMs = REMEMBERED_MS) {
    this.#longestMs = longestMs;
  }

  /** @returns a copy, so that nothing of one request stays with the next */
  get(token: string): V | undefined {
    const known = this.#known.get(nameOf(token));
    return known && { ...known };
  }

  /** @param exp - when the token expires, in seconds since the epoch */
  set(token: string, value: V, exp: number | undefined): void {
    const leftMs = exp === undefined ? this.#longestMs : exp * 1_000 - Date.now();
    if (leftMs <= 0) return;
    this.#known.set(nameOf(token), value, { ttl: Math.min(this.#longestMs, leftMs) });
  }

  /** For when keys have changed: a token may be signed with one that is trusted no more. */
  clear(): void {
    this.#known.clear();
  }
}

const nameOf = (token: string): string => hash('sha256', token, 'base64url');
