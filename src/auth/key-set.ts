import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from 'jose';
import type { IssuerConfig } from '../config/index.ts';
import { tokenCheckUnavailable } from './claims.ts';
import { fetchText } from './fetch-text.ts';

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
 * Loads the issuer's public keys (RFC 7517), every ten minutes while tokens come in and when one names
 * an unknown key. While the issuer is down, the known keys stay valid. A key set that was
 * loaded replaces the previous one: unusable keys are ignored one by one (RFC 7517 §5), and a set
 * without a usable key withdraws all keys. For why jose's remote key set does not do, see
 * docs/decisions.md.
 * @returns `find`, which finds a token's key, and throws BffError UPSTREAM_UNAVAILABLE if the keys are
 *   needed and cannot be loaded; and `refresh`, which loads the keys again if that is due
 */
export function createKeySet(
  url: URL,
  algorithms: IssuerConfig['algorithms'],
  { onChange, onEmpty, onFailure }: KeySetEvents,
) {
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
        signatureAlgorithms(algorithms),
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

  const minIntervalMs = () => (keyCount > 0 ? MIN_FETCH_INTERVAL_MS : NO_KEYS_FETCH_INTERVAL_MS);

  async function reloadIfDue(): Promise<void> {
    if (!inFlight && sinceLastFetchMs() >= minIntervalMs()) {
      lastFetchAt = Date.now();
      inFlight = load();
    }
    await inFlight;
  }

  /** Called for each token, also for those that are known. */
  function refresh(): void {
    if (!keys || inFlight) return;
    const intervalMs = failure === undefined ? REFRESH_INTERVAL_MS : minIntervalMs();
    if (sinceLastFetchMs() >= intervalMs) void reloadIfDue();
  }

  const find: JWTVerifyGetKey = async (header, token) => {
    if (!keys) await reloadIfDue();
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

  return { find, refresh };
}

const isUnknownKey = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey;

/** The names in headers and keys: EdDSA with Ed25519 has two (RFC 8037 and RFC 9864). */
export const signatureAlgorithms = (algorithms: IssuerConfig['algorithms']): string[] =>
  algorithms.flatMap((name) => (name === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [name]));

/** @throws Error if the text is not a key set */
async function parseUsableKeys(text: string, algorithms: readonly string[]): Promise<JWK[]> {
  const keys: unknown = JSON.parse(text)?.keys;
  if (!Array.isArray(keys)) throw new Error('the response is not a key set');
  const areUsable = await Promise.all(keys.map((entry) => isUsable(entry, algorithms)));
  return keys.filter((_, n) => areUsable[n]);
}

/** True if the entry is a public key that can verify signatures of one of the algorithms. */
async function isUsable(entry: unknown, algorithms: readonly string[]): Promise<boolean> {
  const find = createLocalJWKSetOrNone(entry);
  for (const alg of algorithms) {
    const key = await find?.({ alg }).catch(() => undefined);
    if (key && isStrong(key)) return true;
  }
  return false;
}

function createLocalJWKSetOrNone(entry: unknown) {
  try {
    return createLocalJWKSet({ keys: [entry as JWK] });
  } catch {
    return undefined;
  }
}

/** RFC 7518 §3.3 and §3.5: an RSA key has at least 2048 bits. jose would fail with each of its tokens. */
const isStrong = ({ algorithm }: CryptoKey): boolean =>
  !('modulusLength' in algorithm) || Number(algorithm.modulusLength) >= 2_048;
