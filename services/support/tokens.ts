import { importJWK, SignJWT } from 'jose';
import { DEMO_KEY } from './demo-key.ts';

export const DEMO_ISSUER = 'https://demo.frontdesk.example';
export const DEMO_AUDIENCE = 'frontdesk';

export type TokenRequest = {
  userId: string;
  role?: 'customer' | 'staff' | undefined;
  /** Seconds; negative for a token that has expired. */
  expiresIn?: number | undefined;
  /** Scopes of a third-party client, separated by spaces; undefined means unrestricted. */
  scope?: string | undefined;
};

/** Signs a JWT (RFC 7519) that `publicKeySet` verifies, without a running service. */
export async function issueToken({
  userId,
  role = 'customer',
  expiresIn = 3600,
  scope,
}: TokenRequest): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  return new SignJWT(scope === undefined ? { role } : { role, scope })
    .setProtectedHeader({ alg: DEMO_KEY.alg, kid: DEMO_KEY.kid, typ: 'JWT' })
    .setIssuer(DEMO_ISSUER)
    .setAudience(DEMO_AUDIENCE)
    .setSubject(userId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + expiresIn)
    .sign(await importJWK(DEMO_KEY, DEMO_KEY.alg));
}

export function publicKeySet() {
  const { d: _private, ...publicKey } = DEMO_KEY;
  return { keys: [publicKey] };
}
