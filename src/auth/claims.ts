import { BffError, unauthenticated } from '../errors.ts';
import type { SignedInViewer } from '../viewer.ts';

/** Maximum difference between the issuer's clock and ours. */
export const CLOCK_TOLERANCE_SECONDS = 5;

// A subject becomes part of upstream URLs, so it must not contain a path.
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

/** The claims that the viewer is read from, before their types are checked. */
export interface Claims {
  readonly sub?: unknown;
  readonly role?: unknown;
  readonly scope?: unknown;
  readonly cnf?: unknown;
}

/**
 * Reads the user, and the scopes if the token has a "scope", from the claims of a valid token.
 * @throws BffError UNAUTHENTICATED if the claims name no user, or limit the token in a way that is
 *   not supported
 */
export function toSignedInViewer(claims: Claims, issuer: string): SignedInViewer {
  const { sub, role, scope, cnf } = claims;
  if (typeof sub !== 'string' || !SUBJECT.test(sub)) {
    throw unauthenticated("The token's subject is not a user id.");
  }
  if (role !== 'customer' && role !== 'staff') {
    throw unauthenticated("The token's role must be customer or staff.");
  }
  // Bound to a key (RFC 7800). Possession of the key would have to be verified, which we don't do.
  if (cnf !== undefined) throw unauthenticated('The token is not a bearer token.');
  // If such a claim were ignored, a limited token would get all rights of its user.
  if (scope === undefined && hasLimitingClaim(claims)) {
    throw unauthenticated('The token\'s permissions must be in its "scope".');
  }
  const user = { role, id: sub, issuer } as const;
  return scope === undefined ? user : { ...user, scopes: parseScopes(scope) };
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

/** RFC 8693 §4.2 and RFC 7662 §2.2: one string, separated by single spaces. */
function parseScopes(scope: unknown): readonly string[] {
  if (scope === '') return [];
  const scopes = typeof scope === 'string' ? scope.split(' ') : [''];
  if (scopes.every(isScope)) return Object.freeze([...new Set(scopes)]);
  throw unauthenticated("The token's scopes are malformed.");
}

export const isScope = (text: string): boolean => SCOPE.test(text);

/** For tokens that cannot be verified because the issuer is unavailable: not the client's fault. */
export const tokenCheckUnavailable = (cause?: unknown): BffError =>
  new BffError('UPSTREAM_UNAVAILABLE', 'Tokens cannot be verified right now: retry later.', {
    cause,
  });
