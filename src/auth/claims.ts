import { findLimitingClaim, type IssuerConfig } from '../config/index.ts';
import { BffError } from '../errors.ts';
import { isUserId } from '../user-id.ts';
import type { SignedInViewer } from '../viewer.ts';
import { type BoundViewer, readConfirmation } from './possession.ts';
import { quote, settingName, TokenRefusal } from './token-refusal.ts';

/** Maximum difference between the issuer's clock and ours. */
export const CLOCK_TOLERANCE_SECONDS = 5;

// RFC 6749 §3.3: printable ASCII without space, quotation mark and backslash.
const SCOPE = /^[!#-[\]-~]+$/;

/** The claims of a valid token, before their types are checked. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Reads the user from the claims of a valid token, as its issuer is configured, and the scopes if the
 * token belongs to a third-party client. What a token lacks is denied, never guessed.
 * @param isOpaque - true for a token that is not a JWT, which belongs to a third-party client unless it
 *   names one of our own
 * @throws TokenRefusal if the claims name no user, or limit the token in a way that is not supported
 */
export function toSignedInViewer(
  claims: Claims,
  issuer: IssuerConfig,
  isOpaque = false,
): SignedInViewer | BoundViewer {
  assertUserToken(claims, issuer);
  const client = readClient(claims, issuer, isOpaque);
  const user = {
    role: readRole(readClaim(claims, issuer.claims.role), issuer),
    id: readUserId(claims, client, issuer),
    issuer: issuer.issuer,
  };
  const confirmation = readConfirmation(claims.cnf);
  const scopes = readScopes(claims, client, issuer, isOpaque);
  const viewer = scopes ? { ...user, scopes } : user;
  return confirmation ? { viewer, confirmation } : viewer;
}

/** A claim by its name or, if there is none of that name, by a path through objects. */
function readClaim(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as Claims)[name]
          : undefined,
      claims,
    );
}

/** @throws TokenRefusal for a token that only clients use, such as an ID token */
function assertUserToken(claims: Claims, issuer: IssuerConfig): void {
  const { refused } = issuer.checks;
  const name = Object.keys(refused).find((claim) => {
    const value = claims[claim];
    return (
      value !== undefined && refused[claim]?.test(typeof value === 'string' ? value : quote(value))
    );
  });
  if (name === undefined) return;
  throw new TokenRefusal(
    'The token is not an access token of a user.',
    () =>
      `Its claim "${name}" is ${quote(claims[name])}: send the access token, not the ID token, of a ` +
      'user, not of a client alone.',
  );
}

function readClient(claims: Claims, issuer: IssuerConfig, isOpaque: boolean): string | undefined {
  const named = issuer.claims.client.map((name) => claims[name]).filter((id) => id !== undefined);
  const [client] = named;
  // An ID token of Auth0 differs from its access tokens in this.
  const isRequired = issuer.clients !== undefined && !isOpaque;
  if (client === undefined && !isRequired) return undefined;
  if (typeof client === 'string' && named.every((id) => id === client)) return client;
  throw new TokenRefusal(
    "The token's client is missing or malformed.",
    () =>
      `Its claims ${issuer.claims.client.join(', ')} are ${quote(named)}: ` +
      `${settingName(issuer, 'clients')} is set, so an access token must name its client.`,
  );
}

function readRole(value: unknown, issuer: IssuerConfig): SignedInViewer['role'] {
  const names: unknown = value === undefined ? [] : typeof value === 'string' ? [value] : value;
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
  const roles = isList ? names.map((name) => issuer.roles.get(name)) : [];
  const role = roles.includes('staff') ? 'staff' : (roles.find(Boolean) ?? issuer.defaultRole);
  if (isList && role) return role;
  const { role: claim } = issuer.claims;
  throw new TokenRefusal("The token's role must be customer or staff.", () => {
    const found = value === undefined ? 'missing' : quote(value);
    if (!isList) return `Its claim "${claim}" is ${found}: it must be a text or a list of texts.`;
    return (
      `Its claim "${claim}" is ${found}, and ${settingName(issuer, 'roles')} lists ` +
      `${quote([...issuer.roles.keys()])}: add a role there, name another claim in ` +
      `${settingName(issuer, 'roleClaim')}, or set ${settingName(issuer, 'defaultRole')} to customer.`
    );
  });
}

function readUserId(claims: Claims, client: string | undefined, issuer: IssuerConfig): string {
  const { userIdPrefix, foreignPrefixes } = issuer;
  const { subject: path } = issuer.claims;
  const subject = readClaim(claims, path);
  const id = `${userIdPrefix}${subject}`;
  const isText = typeof subject === 'string' && subject !== '' && subject === subject.trim();
  // Client credentials (RFC 9068 §2.2): the subject of a token without a user is its client.
  const isClient = client !== undefined && [subject, claims.sub].includes(client);
  const isForeign = foreignPrefixes.some((prefix) => id.startsWith(prefix));
  if (isText && isUserId(id) && !isClient && !isForeign) return id;
  throw new TokenRefusal("The token's subject is not a user id.", () => {
    if (isClient) return 'It is the client itself: get a token of a user.';
    if (isForeign)
      return 'The id would be one of another issuer: see "userIdPrefix" in JWT_ISSUERS.';
    return (
      `Its claim "${path}" is ${quote(subject)}: it must be 1 to 255 printable characters with the ` +
      `prefix, without space at the ends, and not "." or "..". To use another claim, set ${settingName(issuer, 'subjectClaim')}.`
    );
  });
}

/**
 * Reads the scopes that limit a token.
 * @returns undefined for a token of a first-party client, which may do everything that its user may
 */
function readScopes(
  claims: Claims,
  client: string | undefined,
  issuer: IssuerConfig,
  isOpaque: boolean,
): readonly string[] | undefined {
  const { clients, firstPartyScopes, scopePrefix } = issuer;
  const value = readClaim(claims, issuer.claims.scope);
  const scopes = value === undefined ? undefined : parseScopes(value, issuer);
  const isOwn = clients
    ? client !== undefined && clients.includes(client)
    : scopes === undefined && !isOpaque;
  if (isOwn && (scopes ?? []).every((scope) => firstPartyScopes.includes(scope))) {
    assertUnlimited(claims, issuer);
    return undefined;
  }
  const ours = (scopes ?? []).filter((scope) => scope.startsWith(scopePrefix));
  return Object.freeze([...new Set(ours.map((scope) => scope.slice(scopePrefix.length)))]);
}

/** RFC 8693 §4.2 and RFC 7662 §2.2: one string, separated by single spaces; or a list of strings. */
function parseScopes(value: unknown, issuer: IssuerConfig): readonly string[] {
  if (value === '') return [];
  const scopes: unknown = typeof value === 'string' ? value.split(' ') : value;
  if (Array.isArray(scopes) && scopes.every(isScope)) return scopes;
  throw new TokenRefusal(
    "The token's scopes are malformed.",
    () => `Its claim "${issuer.claims.scope}" is ${quote(value)}.`,
  );
}

export const isScope = (value: unknown): boolean => typeof value === 'string' && SCOPE.test(value);

/** If a limiting claim were ignored, a limited token would get all rights of its user. */
function assertUnlimited(claims: Claims, issuer: IssuerConfig): void {
  const { role, scope, subject } = issuer.claims;
  const mapped = [role, scope, subject].flatMap((path) => [path, path.split('.')[0] ?? path]);
  // Beside a scope claim of another name, where OpenID Connect providers still list what was granted.
  const granted = typeof claims.scope === 'string' ? claims.scope.split(' ') : [];
  const isGranted = granted.every((name) => issuer.firstPartyScopes.includes(name));
  const ignored = typeof claims.scope === 'string' && isGranted ? ['scope'] : [];
  const name = findLimitingClaim(claims, [...issuer.checks.unlimiting, ...mapped, ...ignored]);
  if (name === undefined) return;
  throw new TokenRefusal(
    `The token's permissions must be in its "${scope}".`,
    () =>
      `Its claim "${name}" may limit it: remove the claim at the issuer, or name it in ` +
      `${settingName(issuer, 'scopeClaim')} if its values are scopes.`,
  );
}

/** For tokens that cannot be verified because the issuer is unavailable: not the client's fault. */
export const tokenCheckUnavailable = (cause?: unknown): BffError =>
  new BffError('UPSTREAM_UNAVAILABLE', 'Tokens cannot be verified right now: retry later.', {
    cause,
  });
