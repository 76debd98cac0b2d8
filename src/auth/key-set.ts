import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';

const FRESH_MS = 10 * 60 * 1_000;
const TIMEOUT_MS = 2_000;
/** Some hundred keys; an issuer has a few. */
const MOST_BYTES = 256 * 1024;

/**
 * The issuer's public keys (RFC 7517). They are got again every ten minutes and for a key id never
 * seen, but not thrown away before: an issuer that is down must not lock out whom it let in.
 * @param onChange - called when they are others than before
 */
export function createKeySet(url: URL, onChange: () => void): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: TIMEOUT_MS,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    [customFetch]: fetchKeys,
  });
  let known: string | undefined;
  let freshUntil = performance.now() + FRESH_MS;

  function compare(): void {
    const current = JSON.stringify(keys.jwks());
    if (known !== undefined && known !== current) onChange();
    known = current;
  }

  return async (header, token) => {
    if (performance.now() > freshUntil) {
      freshUntil = performance.now() + FRESH_MS;
      keys.reload().then(compare, () => {});
    }
    const key = await keys(header, token);
    // A key id never seen before has had all of them loaded again.
    compare();
    return key;
  };
}

/**
 * As fetch, for an answer that is given up when it grows beyond what a key set may be, and refused
 * when it is none: the keys that there are stay then.
 */
async function fetchKeys(url: string, init: RequestInit): Promise<Response> {
  const { body, status, headers } = await fetch(url, init);
  let bytes = 0;
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= MOST_BYTES) controller.enqueue(chunk);
      else controller.error(new Error(`the key set is larger than ${MOST_BYTES} bytes`));
    },
  });
  const text = await new Response(body?.pipeThrough(bounded) ?? null).text();
  if (status === 200 && !isKeySet(JSON.parse(text))) throw new Error('the answer is no key set');
  return new Response(text, { status, headers });
}

/** RFC 7517 §4 and RFC 7518 §6.2.1: what keys of our algorithm must have. */
function isKeySet(value: { keys?: unknown } | null): boolean {
  const keys = value?.keys;
  return Array.isArray(keys) && keys.length > 0 && keys.every(isKey);
}

const isKey = (key: { kty?: unknown; x?: unknown; y?: unknown } | null): boolean =>
  typeof key?.kty === 'string' &&
  (key.kty !== 'EC' || (typeof key.x === 'string' && typeof key.y === 'string'));
