import { errors, type JWTHeaderParameters, jwtVerify } from 'jose';
import type { SignedInViewer } from '../context.ts';
import { BffError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { CLOCK_TOLERANCE_S, toSignedInViewer, unauthenticated, uncheckable } from './claims.ts';
import { ALGORITHM, createKeySet } from './key-set.ts';
import { TokenMemory } from './token-memory.ts';

/** Where tokens come from. */
export interface TokenTrust {
  readonly jwksUrl: URL;
  readonly issuer: string;
  readonly audience: string;
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
// RFC 8725 §3.11, RFC 9068 §2.1: other kinds of JWT of the same issuer are not for access.
const TYPE = /^(application\/)?(at\+)?jwt$/i;

/** Whether a token has the form of a signed JWT (RFC 7515 §3.1); all others are opaque. */
export const isJwt = (token: string): boolean => JWT.test(token);

/**
 * Verifies JWTs (RFC 7519), and remembers the ones that are valid, for a minute at most.
 * @throws BffError UNAUTHENTICATED for a token that is not valid; UPSTREAM_UNAVAILABLE if the
 *   issuer's keys can't be had
 */
export function createJwtReader({ jwksUrl, issuer, audience }: TokenTrust, log?: Log) {
  const remembered = new TokenMemory<SignedInViewer>();
  let era = 0;
  const keys = createKeySet(jwksUrl, {
    onChange() {
      era += 1;
      remembered.clear();
    },
    onEmpty() {
      log?.warn('JWKS_URL: the key set has no usable key, every signed token is refused');
    },
    onFailure({ message }) {
      log?.warn({ reason: message }, "JWKS_URL: the issuer's keys could not be loaded");
    },
  });
  const options = {
    issuer,
    audience,
    // The algorithm is ours to choose, never the token's (RFC 8725 §3.1).
    algorithms: [ALGORITHM],
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE_S,
  };

  async function verify(token: string): Promise<SignedInViewer> {
    const began = era;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, options);
      refuseOtherTypes(protectedHeader);
      const viewer = toSignedInViewer(payload, issuer);
      // The key that it was verified with may be gone by now.
      if (began === era) remembered.set(token, viewer, payload.exp);
      return viewer;
    } catch (error) {
      throw toBffError(error);
    }
  }

  /** At once for a token that was verified lately. */
  return (token: string): SignedInViewer | Promise<SignedInViewer> =>
    remembered.get(token) ?? verify(token);
}

function refuseOtherTypes({ typ }: JWTHeaderParameters): void {
  if (typ !== undefined && !TYPE.test(typ)) {
    throw unauthenticated('The token is not an access token.');
  }
}

function toBffError(error: unknown): BffError {
  if (error instanceof BffError) return error;
  if (error instanceof errors.JWTExpired) {
    return unauthenticated('The token has expired: get a new one.', error);
  }
  return error instanceof errors.JOSEError
    ? unauthenticated('The token is not valid: get a new one.', error)
    : uncheckable(error);
}
