import { errors, jwtVerify } from 'jose';
import type { SignedInViewer, Viewer } from '../context.ts';
import { BffError } from '../errors.ts';
import { createKeySet } from './key-set.ts';
import { TokenMemory } from './token-memory.ts';

/** Where tokens come from. */
export interface TokenTrust {
  readonly jwksUrl: URL;
  readonly issuer: string;
  readonly audience: string;
}

const ANONYMOUS: Viewer = { role: 'anonymous' };
// The algorithm is ours to choose, never the token's (RFC 8725 §3.1).
const ALGORITHMS = ['ES256'];
// RFC 6750 §2.1; the scheme's name is case-insensitive (RFC 9110 §11.1).
const BEARER = /^bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i;
// A subject becomes part of upstream addresses, so a token can't bring in a path of its own.
const SUBJECT = /^[\w-]{1,64}$/;

/**
 * Reads the Authorization header of a request.
 * @returns who is asking; anonymous only if there is no header at all
 * @throws BffError UNAUTHENTICATED for whatever is not a valid token; UPSTREAM_UNAVAILABLE if the
 *   issuer's keys can't be had
 */
export function createViewerReader({ jwksUrl, issuer, audience }: TokenTrust) {
  const remembered = new TokenMemory<SignedInViewer>();
  const keys = createKeySet(jwksUrl, () => remembered.clear());

  async function verify(token: string): Promise<Viewer> {
    try {
      const options = { issuer, audience, algorithms: ALGORITHMS, requiredClaims: ['exp'] };
      const { payload } = await jwtVerify(token, keys, options);
      const viewer = toViewer(payload, issuer);
      remembered.set(token, viewer, payload.exp);
      return viewer;
    } catch (error) {
      throw toBffError(error);
    }
  }

  /** At once for the anonymous, and for a token that was verified lately. */
  return (authorization: string | undefined): Viewer | Promise<Viewer> => {
    if (authorization === undefined) return ANONYMOUS;
    const token = BEARER.exec(authorization)?.[1];
    if (!token) throw invalid('The Authorization header is not of the form "Bearer <token>".');
    return remembered.get(token) ?? verify(token);
  };
}

function toViewer(
  { sub, role }: { sub?: unknown; role?: unknown },
  issuer: string,
): SignedInViewer {
  if (typeof sub !== 'string' || !SUBJECT.test(sub))
    throw invalid("The token's subject is not a user id.");
  if (role !== 'customer' && role !== 'staff') throw invalid("The token's role is not known.");
  return { role, id: sub, issuer };
}

function toBffError(error: unknown): BffError {
  if (error instanceof BffError) return error;
  if (error instanceof errors.JWTExpired) {
    return invalid('The token has expired: get a new one.', error);
  }
  const keysMissing =
    !(error instanceof errors.JOSEError) ||
    error instanceof errors.JWKSTimeout ||
    error.code === 'ERR_JOSE_GENERIC';
  return keysMissing
    ? new BffError('UPSTREAM_UNAVAILABLE', 'Tokens can not be checked right now.', { cause: error })
    : invalid('The token is not valid: get a new one.', error);
}

const invalid = (message: string, cause?: unknown) =>
  new BffError('UNAUTHENTICATED', message, { cause });
