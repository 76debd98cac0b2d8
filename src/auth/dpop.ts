import { hash } from 'node:crypto';
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  EmbeddedJWK,
  errors,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { BffError } from '../errors.ts';
import type { OneTimeValues } from './one-time-values.ts';

const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'Ed25519', 'EdDSA'];
/** A proof may be as old as both together; its client's clock may be ahead by the tolerance. */
const MAX_AGE_SECONDS = 60;
const CLOCK_TOLERANCE_SECONDS = 30;
/** From the first moment at which a proof is accepted to the last one. */
const LIFETIME_MS = (MAX_AGE_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS) * 1_000;
const OPTIONS = {
  typ: 'dpop+jwt',
  algorithms: ALGORITHMS,
  requiredClaims: ['jti', 'htm', 'htu', 'iat', 'ath'],
  maxTokenAge: MAX_AGE_SECONDS,
  clockTolerance: CLOCK_TOLERANCE_SECONDS,
};

const ESCAPED = /%[\da-f]{2}/gi;
/** Characters that mean the same with and without escaping (RFC 3986 §2.3). */
const UNRESERVED = /[\w.~-]/;

/** What a proof is for. */
export interface ProvenRequest {
  readonly method: string;
  /** As the client sees it; its query is not compared. */
  readonly uri: string;
  readonly token: string;
}

/**
 * Creates a verifier of DPoP proofs (RFC 9449 §4.3), each of which is accepted once. We provide no nonces:
 * proofs are short-lived, remembered, and of a verified token's own key.
 */
export const createProofVerifier =
  (usedProofs: OneTimeValues) =>
  /**
   * @param proof - the DPoP header
   * @param thumbprint - of the key that the token is bound to (`jkt`)
   * @throws BffError UNAUTHENTICATED
   */
  async (proof: string, thumbprint: string, request: ProvenRequest): Promise<void> => {
    const payload = await verifySignature(proof, thumbprint);
    assertFor(payload, request);
    const isFirst = await usedProofs.use(`${thumbprint} ${payload.jti}`, LIFETIME_MS);
    if (!isFirst) throw invalidProof('was used before: create one for each request');
  };

/** @throws BffError UNAUTHENTICATED */
async function verifySignature(proof: string, thumbprint: string): Promise<JWTPayload> {
  try {
    // Before the signature, which a key of the attacker's choice could make expensive.
    const { jwk } = decodeProtectedHeader(proof);
    const isBoundKey = jwk !== undefined && (await calculateJwkThumbprint(jwk)) === thumbprint;
    if (!isBoundKey) throw invalidProof('has another key than the token');
    return (await jwtVerify(proof, EmbeddedJWK, OPTIONS)).payload;
  } catch (error) {
    if (error instanceof BffError) throw error;
    const reason = isOutOfTime(error) ? 'is not recent: check the clock' : 'is not valid';
    throw invalidProof(reason, error);
  }
}

const isOutOfTime = (error: unknown): boolean =>
  error instanceof errors.JWTExpired ||
  (error instanceof errors.JWTClaimValidationFailed &&
    error.claim === 'iat' &&
    error.reason === 'check_failed');

/** @throws BffError UNAUTHENTICATED */
function assertFor(payload: JWTPayload, { method, uri, token }: ProvenRequest): void {
  const { jti, htm, htu, ath } = payload;
  if (htm !== method) throw invalidProof('is for another method');
  if (normalizeUri(htu) !== normalizeUri(uri)) throw invalidProof('is for another URL');
  if (ath !== hash('sha256', token, 'base64url')) throw invalidProof('is for another token');
  if (typeof jti !== 'string' || jti === '') throw invalidProof('has no usable "jti"');
}

/** Without query and fragment (RFC 9449 §4.3), in the normal form of URLs (RFC 3986 §6.2.2, §6.2.3). */
function normalizeUri(uri: unknown): string | undefined {
  const url = typeof uri === 'string' ? URL.parse(uri) : null;
  if (!url) return undefined;
  url.search = '';
  url.hash = '';
  return url.href.replace(ESCAPED, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return UNRESERVED.test(character) ? character : escaped.toUpperCase();
  });
}

/** The challenge of RFC 9449 §7.1. */
const challenge = (error: 'invalid_token' | 'invalid_dpop_proof') => ({
  'www-authenticate': `DPoP error="${error}", algs="${ALGORITHMS.join(' ')}"`,
});

/** For a token that is bound to a key, and sent without a proof of it. */
export const proofRequired = (): BffError =>
  new BffError(
    'UNAUTHENTICATED',
    'The token is bound to a key: send it as "Authorization: DPoP <token>", with a DPoP header.',
    { headers: challenge('invalid_token') },
  );

const invalidProof = (reason: string, cause?: unknown): BffError =>
  new BffError('UNAUTHENTICATED', `The DPoP proof ${reason}.`, {
    cause,
    headers: challenge('invalid_dpop_proof'),
  });
