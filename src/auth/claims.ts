import type { SignedInViewer } from '../context.ts';
import { BffError } from '../errors.ts';

/** How far the issuer's clock and ours may be apart. */
export const CLOCK_TOLERANCE_S = 5;

// A subject becomes part of upstream addresses, so a token can't bring in a path of its own.
const SUBJECT = /^[\w-]{1,64}$/;
// RFC 6749 §3.3: printable ASCII without space, quotation mark and backslash.
const SCOPE = /^[!#-[\]-~]+$/;

/** A claim with one of these words in its name may limit what the token is for. */
const LIMITING_WORDS = new Set([
  'acl',
  'authorities',
  'authorization',
  'authz',
  'capabilities',
  'capability',
  'entitlement',
  'entitlements',
  'grants',
  'permission',
  'permissions',
  'perms',
  'privilege',
  'privileges',
  'rights',
  'scope',
  'scopes',
  'scp',
]);
/** Whole names that do so as well; `act` and `may_act` are about delegation (RFC 8693 §4). */
const LIMITING_NAMES = new Set(['access', 'act', 'may_act', 'realm_access', 'resource_access']);
/** Objects in which issuers put further claims of the token. */
const CLAIM_CONTAINERS = ['ext', 'app_metadata'] as const;

const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/]*/i;
/** Anything but ASCII letters, and the start of a word in camel case. */
const WORD_BOUNDARY = /[^a-zA-Z]+|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/;

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

/**
 * Whether claims other than "scope" may limit what the token is for, by their names. Only the claims
 * themselves and those in CLAIM_CONTAINERS are read: what is nested elsewhere is data of the user.
 */
const hasLimitingClaim = (claims: object): boolean =>
  Object.keys(claims).some(isLimiting) ||
  CLAIM_CONTAINERS.some((name) =>
    Object.keys(Object((claims as Record<string, unknown>)[name])).some(isLimiting),
  );

/** Reads a namespaced name (`https://shop.example/permissions`) without its origin. */
function isLimiting(name: string): boolean {
  const words = wordsOf(name.replace(ORIGIN, ''));
  return LIMITING_NAMES.has(words.join('_')) || words.some((word) => LIMITING_WORDS.has(word));
}

const wordsOf = (name: string): string[] =>
  name
    .split(WORD_BOUNDARY)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());

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
