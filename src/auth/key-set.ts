import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from 'jose';
import { tokenCheckUnavailable } from './claims.ts';
import { fetchText } from './fetch-text.ts';

/** The only accepted signature algorithm (RFC 8725 §3.1). */
export const ALGORITHM = 'ES256';

const REFRESH_INTERVAL_MS = 10 * 60 * 1_000;
/** Otherwise tokens with random key ids would make us flood the issuer. */
const MIN_FETCH_INTERVAL_MS = 30_000;
/** While there is no usable key, every token is refused, so the issuer is asked more often. */
const NO_KEYS_FETCH_INTERVAL_MS = 1_000;
/** Enough for several hundred keys; an issuer has a few. */
const FETCH_LIMITS = { timeoutMs: 2_000, maxBytes: 256 * 1024 };
const HEADERS = { accept: 'application/jwk-set+json, application/json' };

interface KeySetEvents {
  /** The set of usable keys has changed. */
  readonly onChange: () => void;
  /** A key set without a usable key was loaded. Called once until that changes. */
  readonly onEmpty: () => void;
  /** The key set could not be loaded; the known keys stay valid. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Loads the issuer's public keys (RFC 7517), every ten minutes in the background and when a token
 * names an unknown key. While the issuer is down, the known keys stay valid. A key set that was
 * loaded replaces the previous one: unusable keys are ignored one by one (RFC 7517 §5), and a set
 * without a usable key withdraws all keys. For why jose's remote key set does not do, see
 * docs/decisions.md.
 * @returns a function that finds a token's key; it throws BffError UPSTREAM_UNAVAILABLE if the keys
 *   are needed and cannot be loaded
 */
export function createKeySet(
  url: URL,
  { onChange, onEmpty, onFailure }: KeySetEvents,
): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined;
  let keyCount = 0;
  let usableKeys: string | undefined;
  let lastFetchAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let inFlight: Promise<void> | undefined;

  /** Never rejects: a failure is stored, and the known keys are kept. */
  async function load(): Promise<void> {
    try {
      const usable = await parseUsableKeys(
        await fetchText(url, { headers: HEADERS }, FETCH_LIMITS),
      );
      const text = JSON.stringify(usable);
      if (text !== usableKeys) {
        keys = createLocalJWKSet({ keys: usable });
        keyCount = usable.length;
        if (usableKeys !== undefined) onChange();
        if (keyCount === 0) onEmpty();
        usableKeys = text;
      }
      failure = undefined;
    } catch (error) {
      failure = error;
      onFailure(error as Error);
    } finally {
      inFlight = undefined;
    }
  }

  // Absolute, so that setting the clock back does not stop the fetches.
  const sinceLastFetchMs = () => Math.abs(Date.now() - lastFetchAt);

  async function reloadIfDue(): Promise<void> {
    const minIntervalMs = keyCount > 0 ? MIN_FETCH_INTERVAL_MS : NO_KEYS_FETCH_INTERVAL_MS;
    if (!inFlight && sinceLastFetchMs() >= minIntervalMs) {
      lastFetchAt = Date.now();
      inFlight = load();
    }
    await inFlight;
  }

  return async (header, token) => {
    if (!keys) await reloadIfDue();
    else if (failure !== undefined || sinceLastFetchMs() >= REFRESH_INTERVAL_MS) void reloadIfDue();
    if (!keys) throw tokenCheckUnavailable(failure);
    try {
      return await keys(header, token);
    } catch (error) {
      if (!isUnknownKey(error)) throw error;
    }
    await reloadIfDue();
    try {
      return await keys(header, token);
    } catch (error) {
      // While the issuer is down, an unknown key may be a new one.
      throw isUnknownKey(error) && failure !== undefined ? tokenCheckUnavailable(failure) : error;
    }
  };
}

const isUnknownKey = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey;

/** @throws Error if the text is not a key set */
async function parseUsableKeys(text: string): Promise<JWK[]> {
  const keys: unknown = JSON.parse(text)?.keys;
  if (!Array.isArray(keys)) throw new Error('the response is not a key set');
  const areUsable = await Promise.all(keys.map(isUsable));
  return keys.filter((_, n) => areUsable[n]);
}

/** True if the entry is a public key that can verify signatures of our algorithm. */
async function isUsable(entry: unknown): Promise<boolean> {
  try {
    await createLocalJWKSet({ keys: [entry as JWK] })({ alg: ALGORITHM });
    return true;
  } catch {
    return false;
  }
}
