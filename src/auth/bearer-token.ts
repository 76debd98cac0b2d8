import { unauthenticated } from '../errors.ts';

// RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
const BEARER = /^bearer ([\w.~+/-]+=*)$/i;

/**
 * The token of an Authorization header.
 * @throws BffError UNAUTHENTICATED if the header is not of the form `Bearer <token>`
 */
export function bearerToken(authorization: string): string {
  const token = BEARER.exec(authorization)?.[1];
  if (token) return token;
  throw unauthenticated('The Authorization header is not of the form "Bearer <token>".');
}
