import { unauthenticated } from '../errors.ts';

// RFC 6750 §2.1 and RFC 9449 §7.1; schemes are case-insensitive (RFC 9110 §11.1).
const AUTHORIZATION = /^(bearer|dpop) ([\w.~+/-]+=*)$/i;

/** An access token as a client sends it. */
export interface AccessToken {
  readonly scheme: 'bearer' | 'dpop';
  readonly token: string;
}

/**
 * Parses an Authorization header.
 * @throws BffError UNAUTHENTICATED if it is not of the form `Bearer <token>` or `DPoP <token>`
 */
export function parseAuthorization(authorization: string): AccessToken {
  const [, scheme, token] = AUTHORIZATION.exec(authorization) ?? [];
  if (scheme && token) return { scheme: scheme.length === 4 ? 'dpop' : 'bearer', token };
  throw unauthenticated('The Authorization header is not of the form "Bearer <token>".');
}
