import { createRemoteJWKSet, jwtVerify } from 'jose';

/** What a peer is told by its environment. */
export function settings() {
  return {
    user: variable('USER_SERVICE_URL'),
    order: variable('ORDER_SERVICE_URL'),
    notification: variable('NOTIFICATION_SERVICE_URL'),
  };
}

/**
 * Checks tokens as the product does: signature by the issuer's keys, issuer, audience, ES256, expiry.
 * @returns what reads an Authorization header: the user's id, or undefined if there is no header
 * @throws JOSEError for a token that is not valid
 */
export function createTokenReader() {
  const keys = createRemoteJWKSet(new URL(variable('JWKS_URL')));
  const options = {
    issuer: variable('JWT_ISSUER'),
    audience: variable('JWT_AUDIENCE'),
    algorithms: ['ES256'],
    requiredClaims: ['exp'],
  };
  return async (authorization: string | undefined): Promise<string | undefined> => {
    if (authorization === undefined) return undefined;
    const { payload } = await jwtVerify(authorization.replace(/^bearer /i, ''), keys, options);
    return payload.sub;
  };
}

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set`);
  return value;
}
