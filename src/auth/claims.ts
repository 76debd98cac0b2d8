import type { SignedInViewer } from '../context.ts';
import { BffError } from '../errors.ts';

/** How far the issuer's clock and ours may be apart. */
export const CLOCK_TOLERANCE_S = 5;

// A subject becomes part of upstream addresses, so a token can't bring in a path of its own.
const SUBJECT = /^[\w-]{1,64}$/;
// RFC 6749 §3.3: printable ASCII without space, quotation mark and backslash.
const SCOPE = /^[!#-[\]-~]+$/;

/** What a token says of its user, as far as it is of use here; nothing of it is trusted in its form. */
export interface Claims {
  readonly sub?: unknown;
  readonly role?: unknown;
  readonly scope?: unknown;
  readonly scp?: unknown;
  readonly cnf?: unknown;
}

/**
 * @returns who that is; with scopes only if the token has some
 * @throws BffError UNAUTHENTICATED for claims that say of nobody who it is
 */
export function toSignedInViewer(claims: Claims, issuer: string): SignedInViewer {
  const { sub, role, scope, scp, cnf } = claims;
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) {
    throw unauthenticated("The token's subject is not a user id.");
  }
  if (role !== 'customer' && role !== 'staff') {
    throw unauthenticated("The token's role is not known.");
  }
  // Bound to a key that its bearer would have to prove (RFC 7800); we don't ask for the proof.
  if (cnf !== undefined) throw unauthenticated('The token is not a bearer token.');
  // Some issuers' name for scopes: overlooked, it would be a token for everything.
  if (scp !== undefined && scope === undefined) {
    throw unauthenticated('The token\'s scopes must be in its "scope".');
  }
  const user = { role, id: sub, issuer } as const;
  return scope === undefined ? user : { ...user, scopes: toScopes(scope) };
}

/** RFC 8693 §4.2 and RFC 7662 §2.2: one text, separated by single spaces; empty for none. */
function toScopes(scope: unknown): readonly string[] {
  if (scope === '') return [];
  const scopes = typeof scope === 'string' ? scope.split(' ') : [''];
  if (scopes.every(isScope)) return Object.freeze([...new Set(scopes)]);
  throw unauthenticated("The token's scopes are malformed.");
}

export const isScope = (text: string): boolean => SCOPE.test(text);

export const unauthenticated = (message: string, cause?: unknown): BffError =>
  new BffError('UNAUTHENTICATED', message, { cause });

/** For when it can't be told whether a token is valid, which is not the client's fault. */
export const uncheckable = (cause?: unknown): BffError =>
  new BffError('UPSTREAM_UNAVAILABLE', 'Tokens can not be checked right now.', { cause });
