import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTHeaderParameters,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import type { IssuerConfig } from '../config/index.ts';
import { BffError, unauthenticated } from '../errors.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { Log } from '../telemetry/log.ts';
import type { SignedInViewer } from '../viewer.ts';
import {
  CLOCK_TOLERANCE_SECONDS,
  type Claims,
  tokenCheckUnavailable,
  toSignedInViewer,
} from './claims.ts';
import { createKeySet, signatureAlgorithms } from './key-set.ts';
import type { BoundViewer } from './possession.ts';
import { TokenCache } from './token-cache.ts';
import { quote, settingName, TokenRefusal, toBffError } from './token-refusal.ts';

interface JwtOptions {
  readonly log?: Log;
  /** Says in the message of a refused token what to change; for development only. */
  readonly explains?: boolean;
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
// Other types of JWT by the same issuer are not access tokens (RFC 8725 §3.11, RFC 9068 §2.1).
const ACCESS_TOKEN_TYPE = /^(application\/)?(at\+)?jwt$/i;
const INVALID = 'The token is not valid: get a new one.';

/** True for the form of a signed JWT (RFC 7515 §3.1); all other tokens are opaque. */
export const isJwt = (token: string): boolean => JWT.test(token);

/**
 * Creates a verifier of JWTs (RFC 7519) that caches valid ones until they expire. A token's `iss`
 * selects among the issuers; keys, algorithms and the reading of claims are that issuer's.
 * @throws BffError UNAUTHENTICATED for a token that is not valid; UPSTREAM_UNAVAILABLE if the
 *   issuer's keys are unavailable
 */
export function createJwtVerifier(
  issuers: readonly IssuerConfig[],
  { log, explains = false }: JwtOptions = {},
) {
  const verified = new TokenCache<SignedInViewer | BoundViewer>(Number.POSITIVE_INFINITY);
  let keyGeneration = 0;
  const onChange = () => {
    keyGeneration += 1;
    verified.clear();
  };
  const verifiers = new Map(
    issuers.map((config) => [config.issuer, createIssuerVerifier(config, onChange, log)] as const),
  );

  function verifierOf(token: string) {
    const { iss } = decodeJwt(token);
    const verifier = typeof iss === 'string' ? verifiers.get(iss) : undefined;
    if (verifier) return verifier;
    throw new TokenRefusal(INVALID, () => {
      const [only] = issuers;
      const known =
        only && !only.isListed
          ? `JWT_ISSUER is ${quote(only.issuer)}`
          : listed([...verifiers.keys()]);
      return `Its "iss" is ${quote(iss)}, but ${known}.`;
    });
  }

  async function verify(token: string): Promise<SignedInViewer | BoundViewer> {
    const generation = keyGeneration;
    try {
      const { viewer, exp } = await verifierOf(token).verify(token);
      // Do not cache if the keys changed during verification: this key may have been withdrawn.
      if (generation === keyGeneration) verified.set(token, viewer, exp);
      return viewer;
    } catch (error) {
      throw refusedOrUnavailable(error, explains);
    }
  }

  /** Returns without a promise for a cached token. */
  return (token: string): MaybePromise<SignedInViewer | BoundViewer> => {
    for (const { refreshKeys } of verifiers.values()) refreshKeys();
    return verified.get(token) ?? verify(token);
  };
}

const listed = (issuers: readonly string[]) => `JWT_ISSUERS lists ${issuers.map(quote).join(', ')}`;

/** @param onChange - called when the issuer's keys change */
function createIssuerVerifier(config: IssuerConfig, onChange: () => void, log: Log | undefined) {
  const { issuer, jwksUrl, audiences, algorithms, claims } = config;
  const keys = createKeySet(jwksUrl, algorithms, {
    onChange,
    onEmpty() {
      log?.warn(
        { issuer },
        'JWKS_URL: the key set has no usable key, every signed token is refused',
      );
    },
    onFailure({ message }) {
      log?.warn({ issuer, reason: message }, "JWKS_URL: the issuer's keys could not be loaded");
    },
  });
  const options = {
    issuer,
    ...(claims.audience === 'aud' ? { audience: [...audiences] } : {}),
    // Pinned: the token's header must not choose the algorithm (RFC 8725 §3.1).
    algorithms: signatureAlgorithms(algorithms),
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  };

  async function verify(token: string) {
    const verifying = jwtVerify(token, keys.find, options);
    const { payload, protectedHeader } = await verifying.catch((error) => {
      throw explain(error, token, config);
    });
    assertAccessToken(protectedHeader);
    assertRequiredClaims(payload, config);
    return { viewer: toSignedInViewer(payload, config), exp: payload.exp };
  }

  return { verify, refreshKeys: keys.refresh };
}

function assertAccessToken({ typ }: JWTHeaderParameters): void {
  if (typ === undefined || ACCESS_TOKEN_TYPE.test(typ)) return;
  throw new TokenRefusal('The token is not an access token.', () => `Its type is ${quote(typ)}.`);
}

/** Checks what jose does not know: the provider's own claims. */
function assertRequiredClaims(payload: Claims, config: IssuerConfig): void {
  const { required, tenant } = config.checks;
  const { claims, audiences } = config;
  if (claims.audience !== 'aud' && !audiences.includes(String(payload[claims.audience]))) {
    throw wrongAudience(payload, config);
  }
  const name = Object.keys(required).find(
    (claim) => typeof payload[claim] !== 'string' || !required[claim]?.test(payload[claim]),
  );
  if (name !== undefined) {
    throw new TokenRefusal(
      'The token is not an access token of a user.',
      () => `Its claim "${name}" is ${quote(payload[name])}: send the access token of a user.`,
    );
  }
  if (tenant && !config.issuer.split('/').includes(String(payload[tenant]))) {
    throw new TokenRefusal(
      INVALID,
      () => `Its tenant "${tenant}" is ${quote(payload[tenant])}, not that of its issuer.`,
    );
  }
}

const wrongAudience = (payload: Claims, config: IssuerConfig) =>
  new TokenRefusal(INVALID, () => {
    const { audience } = config.claims;
    const expected = `${settingName(config, 'audience')} is ${quote(config.audiences)}`;
    return `Its "${audience}" is ${quote(payload[audience])}, but ${expected}.`;
  });

/** Adds to jose's errors what to change. */
function explain(error: unknown, token: string, config: IssuerConfig): unknown {
  const isExpired = error instanceof errors.JWTExpired;
  if (isExpired || !(error instanceof errors.JOSEError)) return error;
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') {
    return wrongAudience(error.payload as JWTPayload, config);
  }
  return new TokenRefusal(INVALID, () => {
    if (error instanceof errors.JOSEAlgNotAllowed) {
      const { alg } = decodeProtectedHeader(token);
      const allowed = `${settingName(config, 'algorithms')} is ${quote(config.algorithms)}`;
      return `Its algorithm is ${quote(alg)}, but ${allowed}.`;
    }
    if (error instanceof errors.JWKSNoMatchingKey) {
      const { alg, kid } = decodeProtectedHeader(token);
      return `The key set at ${settingName(config, 'jwksUrl')} has no key ${quote(kid)} for ${quote(alg)}.`;
    }
    return `Reason: ${error.message}.`;
  });
}

function refusedOrUnavailable(error: unknown, explains: boolean): BffError {
  if (error instanceof BffError) return error;
  if (error instanceof TokenRefusal) return toBffError(error, explains);
  if (error instanceof errors.JWTExpired) {
    return unauthenticated('The token has expired: get a new one.', error);
  }
  return error instanceof errors.JOSEError
    ? unauthenticated(INVALID, error)
    : tokenCheckUnavailable(error);
}
