import { unauthenticated } from '../errors.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { SignedInViewer } from '../viewer.ts';
import type { AccessToken } from './access-token.ts';
import { createProofVerifier, proofRequired } from './dpop.ts';
import type { OneTimeValues } from './one-time-values.ts';
import { quote, TokenRefusal } from './token-refusal.ts';

/** The key that a token is bound to (RFC 7800). Whoever sends the token must prove to have each of them. */
export interface Confirmation {
  /** The thumbprint of a key, for DPoP (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** The thumbprint of a client certificate (RFC 8705 §3.1). */
  readonly 'x5t#S256'?: string;
}

/** The user of a valid token that is bound to a key; not authenticated until the key is proved. */
export interface BoundViewer {
  readonly viewer: SignedInViewer;
  readonly confirmation: Confirmation;
}

/** What a request contains to prove that its sender has a key. */
export interface RequestProof {
  readonly method: string;
  /** As the client sees it. */
  readonly uri: string;
  /** The DPoP header. */
  readonly dpop: string | undefined;
  /** The SHA-256 thumbprint of the client's certificate, base64url; undefined if it has none. */
  readonly certificateThumbprint: string | undefined;
}

// Base64url of 32 bytes.
const THUMBPRINT = /^[\w-]{43}$/;
const KNOWN = ['jkt', 'x5t#S256'] as const;

/**
 * Reads the claim `cnf` of a token.
 * @returns undefined for a bearer token
 * @throws TokenRefusal for a key that can't be verified
 */
export function readConfirmation(cnf: unknown): Confirmation | undefined {
  if (cnf === undefined) return undefined;
  const members = typeof cnf === 'object' && cnf !== null ? Object.entries(cnf) : [];
  const isSupported = members.every(
    ([name, value]) =>
      KNOWN.some((known) => known === name) && typeof value === 'string' && THUMBPRINT.test(value),
  );
  if (members.length > 0 && isSupported) return Object.fromEntries(members);
  throw new TokenRefusal(
    'The token is bound to a key in a way that is not supported.',
    () => `Its claim "cnf" is ${quote(cnf)}: it may have the members ${KNOWN.join(' and ')}.`,
  );
}

/**
 * Creates the check that the sender of a token has the key that it is bound to. It is made for every
 * request: a verified token may be remembered, a proof may not.
 */
export function createPossessionCheck(usedProofs: OneTimeValues) {
  const verifyProof = createProofVerifier(usedProofs);

  async function check(
    { viewer, confirmation }: BoundViewer,
    token: string,
    request: RequestProof,
  ) {
    const { jkt, 'x5t#S256': certificate } = confirmation;
    if (certificate !== undefined && certificate !== request.certificateThumbprint) {
      throw unauthenticated('The token is bound to a client certificate, and this is not it.');
    }
    if (jkt !== undefined) {
      if (request.dpop === undefined) throw proofRequired();
      await verifyProof(request.dpop, jkt, { ...request, token });
    }
    return { ...viewer };
  }

  /** @throws BffError UNAUTHENTICATED; also rejects with it */
  return (
    verified: SignedInViewer | BoundViewer,
    { scheme, token }: AccessToken,
    readProof: () => RequestProof,
  ): MaybePromise<SignedInViewer> => {
    const jkt = isBound(verified) ? verified.confirmation.jkt : undefined;
    // RFC 9449 §7.1, §7.2: neither may be sent as the other.
    if (jkt !== undefined && scheme !== 'dpop') throw proofRequired();
    if (jkt === undefined && scheme === 'dpop') {
      throw unauthenticated('The token is not bound to a DPoP key: send it as "Bearer <token>".');
    }
    return isBound(verified) ? check(verified, token, readProof()) : verified;
  };
}

/**
 * The user of a token from a place where nobody can prove to have its key.
 * @throws BffError UNAUTHENTICATED for a token that is bound to a key
 */
export function refuseBound(verified: SignedInViewer | BoundViewer): SignedInViewer {
  if (isBound(verified)) throw unauthenticated('The token is not a bearer token.');
  return verified;
}

/** The user of a token whose key was proved before. */
export const userOf = (verified: SignedInViewer | BoundViewer): SignedInViewer =>
  isBound(verified) ? { ...verified.viewer } : verified;

const isBound = (verified: SignedInViewer | BoundViewer): verified is BoundViewer =>
  'confirmation' in verified;
