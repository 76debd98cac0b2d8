import * as z from 'zod';

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

/**
 * Finds a claim that may limit what the token is for, by its name. Only the claims themselves and those
 * in CLAIM_CONTAINERS are read: what is nested elsewhere is data of the user.
 * @param known - names of claims that do not limit the token
 * @returns the claim's name; undefined if there is none
 */
export function findLimitingClaim(
  claims: Readonly<Record<string, unknown>>,
  known: readonly string[],
): string | undefined {
  const containers = CLAIM_CONTAINERS.flatMap((name) => Object.keys(Object(claims[name])));
  return [...Object.keys(claims).filter((name) => !known.includes(name)), ...containers].find(
    isLimiting,
  );
}

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

/** Of Keycloak: they have roles. */
const ROLE_CLAIMS = /^(realm|resource)_access\b/;

const isOfUser = (name: string): boolean => ROLE_CLAIMS.test(name) || !isLimiting(name);

/**
 * The name or path of a claim that describes the user, and so does not limit the token. One with permissions
 * is refused: if it were read as such, a limited token would get all rights of its user.
 */
export const userClaim = z
  .string()
  .trim()
  .min(1, { error: 'must not be empty' })
  .refine((path) => [path, path.split('.')[0] ?? path].every(isOfUser), {
    error: 'must not be a claim with permissions or scopes, which limit a token',
  });
