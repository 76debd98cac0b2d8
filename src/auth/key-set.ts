import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { uncheckable } from './claims.ts';
import { fetchText } from './fetch-text.ts';

const FRESH_MS = 10 * 60 * 1_000;
/** The least between two fetches; random key ids would otherwise have us flood the issuer. */
const PAUSE_MS = 30_000;
/** As long as there are no keys at all, nobody with a token gets in: an issuer that starts is awaited. */
const FIRST_PAUSE_MS = 1_000;
/** Some hundred keys; an issuer has a few. */
const BOUNDS = { timeoutMs: 2_000, mostBytes: 256 * 1024 };
const HEADERS = { accept: 'application/jwk-set+json, application/json' };

interface KeySetEvents {
  readonly onChange: () => void;
  readonly onFailure?: (error: Error) => void;
}

/**
 * The issuer's public keys (RFC 7517). They are got again every ten minutes and for a key id never
 * seen, but not thrown away before: an issuer that is down must not lock out whom it let in.
 * @param events - `onChange`: they are others than before; `onFailure`: they could not be had
 * @returns what finds a token's key; throws BffError UPSTREAM_UNAVAILABLE if that can't be told
 */
export function createKeySet(url: URL, { onChange, onFailure }: KeySetEvents): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined;
  let known: string | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let underWay: Promise<void> | undefined;

  /** Never rejects: what went wrong is kept, and so are the keys that there are. */
  async function load(): Promise<void> {
    try {
      const set = toKeySet(await fetchText(url, { headers: HEADERS }, BOUNDS));
      const text = JSON.stringify(set);
      if (text !== known) {
        keys = createLocalJWKSet(set);
        if (known !== undefined) onChange();
        known = text;
      }
      failure = undefined;
    } catch (error) {
      failure = error;
      onFailure?.(error as Error);
    } finally {
      underWay = undefined;
    }
  }

  // Without a sign, so that a clock that is set back does not stop the fetches.
  const sinceLast = () => Math.abs(Date.now() - triedAt);

  async function reload(): Promise<void> {
    if (!underWay && sinceLast() >= (keys ? PAUSE_MS : FIRST_PAUSE_MS)) {
      triedAt = Date.now();
      underWay = load();
    }
    await underWay;
  }

  return async (header, token) => {
    if (!keys) await reload();
    else if (failure !== undefined || sinceLast() >= FRESH_MS) void reload();
    if (!keys) throw uncheckable(failure);
    try {
      return await keys(header, token);
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
    await reload();
    try {
      return await keys(header, token);
    } catch (error) {
      // While the issuer is down, a key never seen may be a new one.
      throw isUnknown(error) && failure !== undefined ? uncheckable(failure) : error;
    }
  };
}

const isUnknown = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey;

function toKeySet(text: string): Parameters<typeof createLocalJWKSet>[0] {
  const set = JSON.parse(text);
  if (!isKeySet(set)) throw new Error('the answer is no key set');
  return set;
}

/** RFC 7517 §4 and RFC 7518 §6.2.1: what keys of our algorithm must have. */
function isKeySet(value: { keys?: unknown } | null): boolean {
  const keys = value?.keys;
  return Array.isArray(keys) && keys.length > 0 && keys.every(isKey);
}

const isKey = (key: { kty?: unknown; x?: unknown; y?: unknown } | null): boolean =>
  typeof key?.kty === 'string' &&
  (key.kty !== 'EC' || (typeof key.x === 'string' && typeof key.y === 'string'));
