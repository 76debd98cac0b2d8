import { createRemoteJWKSet, jwtVerify } from 'jose';
import { requireVariable } from './environment.ts';

/** The user that a token was issued to. */
export interface Viewer {
  readonly id: string;
  readonly role: unknown;
}

/**
 * Creates a verifier with the product's checks: ES256 signature by the issuer's keys, issuer, audience,
 * expiry. It takes an Authorization header and returns undefined if there is none.
 * @throws JOSEError for an invalid token
 */
export function createTokenVerifier() {
  const keys = createRemoteJWKSet(new URL(requireVariable('JWKS_URL')));
  const options = {
    issuer: requireVariable('JWT_ISSUER'),
    audience: requireVariable('JWT_AUDIENCE'),
    algorithms: ['ES256'],
    requiredClaims: ['exp', 'sub'],
  };
  return async (authorization: string | undefined): Promise<Viewer | undefined> => {
    if (authorization === undefined) return undefined;
    const { payload } = await jwtVerify(authorization.replace(/^bearer /i, ''), keys, options);
    return { id: payload.sub as string, role: payload.role };
  };
}
