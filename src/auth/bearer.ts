import { unauthenticated } from './claims.ts';

// RFC 6750 §2.1; the scheme's name is case-insensitive (RFC 9110 §11.1).
const BEARER = /^bearer ([\w.~+/-]+=*)$/i;

/**
 * The token in an Authorization header.
 * @throws BffError UNAUTHENTICATED for a header of any other form
 */
export function bearerOf(authorization: string): string {
  const token = BEARER.exec(authorization)?.[1];
  if (token) return token;
  throw unauthenticated('The Authorization header is not of the form "Bearer <token>".');
}
