import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from 'jose';
import { uncheckable } from './claims.ts';
import { fetchText } from './fetch-text.ts';

/** The one signature algorithm that is accepted (RFC 8725 §3.1). */
export const ALGORITHM = 'ES256';

const FRESH_MS = 10 * 60 * 1_000;
/** The least between two fetches; random key ids would otherwise have us flood the issuer. */
const PAUSE_MS = 30_000;
/** The same while there is no usable key: every token is refused until the issuer publishes one. */
const NO_KEYS_PAUSE_MS = 1_000;
/** Some hundred keys; an issuer has a few. */
const BOUNDS = { timeoutMs: 2_000, mostBytes: 256 * 1024 };
const HEADERS = { accept: 'application/jwk-set+json, application/json' };

interface KeySetEvents {
  /** The usable keys are not the same as before. */
  readonly onChange: () => void;
  /** The key set was loaded, and no key in it is usable. Not repeated while that stays so. */
  readonly onEmpty: () => void;
  /** The key set could not be loaded; the known keys stay. */
  readonly onFailure: (error: Error) => void;
}

/**
 * The issuer's public keys (RFC 7517). They are got again every ten minutes and for a key id never
 * seen, but not thrown away before: an issuer that is down must not lock out whom it let in. A key
 * set that was loaded replaces the one before it, also with nothing: unusable keys are ignored one
 * by one (RFC 7517 §5), and a set without a usable key withdraws all of them.
 * @returns what finds a token's key; throws BffError UPSTREAM_UNAVAILABLE if that can't be told
 */
export function createKeySet(
  url: URL,
  { onChange, onEmpty, onFailure }: KeySetEvents,
): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined;
  let keyCount = 0;
  let known: string | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let underWay: Promise<void> | undefined;

  /** Never rejects: what went wrong is kept, and so are the keys that there are. */
  async function load(): Promise<void> {
    try {
      const usable = await usableKeysIn(await fetchText(url, { headers: HEADERS }, BOUNDS));
      const text = JSON.stringify(usable);
      if (text !== known) {
        keys = createLocalJWKSet({ keys: usable });
        keyCount = usable.length;
        if (known !== undefined) onChange();
        if (keyCount === 0) onEmpty();
        known = text;
      }
      failure = undefined;
    } catch (error) {
      failure = error;
      onFailure(error as Error);
    } finally {
      underWay = undefined;
    }
  }

  // Without a sign, so that a clock that is set back does not stop the fetches.
  const sinceLast = () => Math.abs(Date.now() - triedAt);

  async function reload(): Promise<void> {
    if (!underWay && sinceLast() >= (keyCount > 0 ? PAUSE_MS : NO_KEYS_PAUSE_MS)) {
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

/** @throws Error if the text is not a key set at all */
async function usableKeysIn(text: string): Promise<JWK[]> {
  const keys: unknown = JSON.parse(text)?.keys;
  if (!Array.isArray(keys)) throw new Error('the answer is no key set');
  const areUsable = await Promise.all(keys.map(isUsable));
  return keys.filter((_, n) => areUsable[n]);
}

/** Whether an entry is a public key that can verify our algorithm's signatures. */
async function isUsable(entry: unknown): Promise<boolean> {
  try {
    await createLocalJWKSet({ keys: [entry as JWK] })({ alg: ALGORITHM });
    return true;
  } catch {
    return false;
  }
}
