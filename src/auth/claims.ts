import type { SignedInViewer } from '../context.ts';
import { BffError } from '../errors.ts';

/** How far the issuer's clock and ours may be apart. */
export const CLOCK_TOLERANCE_S = 5;

// A subject becomes part of upstream addresses, so a token can't bring in a path of its own.
const SUBJECT = /^[\w-]{1,64}$/;
// RFC 6749 §3.3: printable ASCII without space, quotation mark and backslash.
const SCOPE = /^[!#-[\]-~]+$/;

/**
 * Names that issuers give to what a token may be used for, other than "scope": alone, as the last
 * part of a namespaced name (`https://shop.example/permissions`) or in camel case.
 */
const LIMITING_CLAIM =
  /(scp|scopes?|permissions?|privileges?|entitlements?|authorities|authorization(_?details)?|(realm|resource)_access)$/i;
const MAX_CLAIM_DEPTH = 4;

/** What a token says of its user, as far as it is of use here; nothing of it is trusted in its form. */
export interface Claims {
  readonly sub?: unknown;
  readonly role?: unknown;
  readonly scope?: unknown;
  readonly cnf?: unknown;
}

/**
 * @returns who that is; with scopes only if the token has some
 * @throws BffError UNAUTHENTICATED for claims that say of nobody who it is
 */
export function toSignedInViewer(claims: Claims, issuer: string): SignedInViewer {
  const { sub, role, scope, cnf } = claims;
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) {
    throw unauthenticated("The token's subject is not a user id.");
  }
  if (role !== 'customer' && role !== 'staff') {
    throw unauthenticated("The token's role is not known.");
  }
  // Bound to a key that its bearer would have to prove (RFC 7800); we don't ask for the proof.
  if (cnf !== undefined) throw unauthenticated('The token is not a bearer token.');
  // Ignored, each of these would make a limited token one that may do all that its user may.
  if (scope === undefined && hasLimitingClaim(claims)) {
    throw unauthenticated('The token\'s permissions must be in its "scope".');
  }
  const user = { role, id: sub, issuer } as const;
  return scope === undefined ? user : { ...user, scopes: toScopes(scope) };
}

/** At any level; what is nested too deeply to be read counts as a limit. */
const hasLimitingClaim = (claims: object, depth = 1): boolean =>
  depth > MAX_CLAIM_DEPTH ||
  Object.entries(claims).some(
    ([name, value]) =>
      LIMITING_CLAIM.test(name) ||
      (typeof value === 'object' && value !== null && hasLimitingClaim(value, depth + 1)),
  );

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
