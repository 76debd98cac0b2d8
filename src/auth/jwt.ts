import { errors, type JWTHeaderParameters, jwtVerify } from 'jose';
import { BffError, unauthenticated } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { SignedInViewer } from '../viewer.ts';
import { CLOCK_TOLERANCE_SECONDS, tokenCheckUnavailable, toSignedInViewer } from './claims.ts';
import { ALGORITHM, createKeySet } from './key-set.ts';
import { TokenCache } from './token-cache.ts';

/** The token issuer, and the audience that tokens must name. */
export interface TokenTrust {
  readonly jwksUrl: URL;
  readonly issuer: string;
  readonly audience: string;
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
// Other types of JWT by the same issuer are not access tokens (RFC 8725 §3.11, RFC 9068 §2.1).
const ACCESS_TOKEN_TYPE = /^(application\/)?(at\+)?jwt$/i;

/** True for the form of a signed JWT (RFC 7515 §3.1); all other tokens are opaque. */
export const isJwt = (token: string): boolean => JWT.test(token);

/**
 * Creates a verifier of JWTs (RFC 7519) that caches valid ones for up to a minute.
 * @throws BffError UNAUTHENTICATED for a token that is not valid; UPSTREAM_UNAVAILABLE if the
 *   issuer's keys are unavailable
 */
export function createJwtVerifier({ jwksUrl, issuer, audience }: TokenTrust, log?: Log) {
  const verified = new TokenCache<SignedInViewer>();
  let keyGeneration = 0;
  const keys = createKeySet(jwksUrl, {
    onChange() {
      keyGeneration += 1;
      verified.clear();
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
    // Pinned: the token's header must not choose the algorithm (RFC 8725 §3.1).
    algorithms: [ALGORITHM],
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  };

  async function verify(token: string): Promise<SignedInViewer> {
    const generation = keyGeneration;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, options);
      assertAccessToken(protectedHeader);
      const viewer = toSignedInViewer(payload, issuer);
      // Do not cache if the keys changed during verification: this key may have been withdrawn.
      if (generation === keyGeneration) verified.set(token, viewer, payload.exp);
      return viewer;
    } catch (error) {
      throw toBffError(error);
    }
  }

  /** Returns without a promise for a cached token. */
  return (token: string): SignedInViewer | Promise<SignedInViewer> =>
    verified.get(token) ?? verify(token);
}

function assertAccessToken({ typ }: JWTHeaderParameters): void {
  if (typ !== undefined && !ACCESS_TOKEN_TYPE.test(typ)) {
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
    : tokenCheckUnavailable(error);
}
