/** The claims that an issuer's tokens have: names, or dotted paths such as `realm_access.roles`. */
export interface ClaimPaths {
  readonly subject: string;
  readonly role: string;
  readonly scope: string;
  /** The client that got the token: the first that the token has. */
  readonly client: readonly string[];
  /** The claim that must name the audience. */
  readonly audience: 'aud' | 'client_id';
}

/** Checks of claims by name, besides those of every token. */
export interface ClaimChecks {
  /** Claims that a user's access token has, with the only form that they may have. */
  readonly required: Readonly<Record<string, RegExp>>;
  /** Claims, with forms that only other tokens have: ID tokens, and tokens of clients without a user. */
  readonly refused: Readonly<Record<string, RegExp>>;
  /** A claim with the tenant, which must be a part of the issuer's URL. */
  readonly tenant?: string;
  /** Claims about the user that do not limit the token, whatever their names. */
  readonly unlimiting: readonly string[];
}

/** The form of a provider's tokens. */
interface TokenProfile {
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly claims: ClaimPaths;
  readonly checks: ClaimChecks;
  /** Scopes that the provider itself gives to clients, and that do not limit their tokens. */
  readonly firstPartyScopes: readonly string[];
}

/** The supported signature algorithms, all asymmetric (RFC 7518 §3.1, RFC 8037, RFC 9864). */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] as const;
export type SignatureAlgorithm = (typeof ALGORITHMS)[number];

export const PROVIDERS = ['auth0', 'entra', 'okta', 'cognito', 'keycloak'] as const;
export type Provider = (typeof PROVIDERS)[number];

const ANY = /^/;
const PRESENT = /./;
const CLIENT_CREDENTIALS = /client[-_]credentials/;
const SERVICE_ACCOUNT = /^service-account-/;

/** Claims and forms that no access token of a user has, whoever issues it. */
const NEVER_OF_USERS = {
  // ID, refresh, offline and logout tokens, as several providers mark them. Logout tokens have events
  // (OpenID Connect Back-Channel Logout §2.4), as all security event tokens (RFC 8417).
  events: ANY,
  token_use: /^(?!access$)/,
  typ: /^(id|refresh|offline|logout)\b/i,
  // Tokens of a client without a user: Auth0 and others, Entra, Auth0, Keycloak.
  gty: CLIENT_CREDENTIALS,
  grant_type: CLIENT_CREDENTIALS,
  idtyp: /^app$/,
  sub: /@clients$|^service-account-/,
  preferred_username: SERVICE_ACCOUNT,
  username: SERVICE_ACCOUNT,
};
/**
 * Only ID tokens have these (OpenID Connect Core §2 and §3.3.2.11). Not auth_time, acr and amr, which
 * access tokens may have (RFC 9068 §2.2.1).
 */
const ID_TOKEN_CLAIMS = { nonce: ANY, at_hash: ANY, c_hash: ANY, s_hash: ANY };
const REFUSED = { ...NEVER_OF_USERS, ...ID_TOKEN_CLAIMS };

/** Access tokens as RFC 9068 describes them. */
export const STANDARD_PROFILE: TokenProfile = {
  algorithms: ['ES256'],
  claims: {
    subject: 'sub',
    role: 'role',
    scope: 'scope',
    client: ['client_id', 'azp'],
    audience: 'aud',
  },
  checks: { required: {}, refused: REFUSED, unlimiting: [] },
  firstPartyScopes: [],
};

const { claims: STANDARD_CLAIMS } = STANDARD_PROFILE;

/** Access tokens as these providers issue them; docs/identity.md has one of each. */
export const PROFILES: Readonly<Record<Provider, TokenProfile>> = {
  auth0: {
    algorithms: ['RS256'],
    claims: { ...STANDARD_CLAIMS, role: 'roles' },
    checks: { required: {}, refused: REFUSED, unlimiting: [] },
    firstPartyScopes: [],
  },
  entra: {
    algorithms: ['RS256'],
    claims: {
      ...STANDARD_CLAIMS,
      subject: 'oid',
      role: 'roles',
      scope: 'scp',
      client: ['azp', 'appid'],
    },
    checks: {
      // Tokens of an app without a user have roles only.
      required: { scp: PRESENT, tid: PRESENT },
      refused: REFUSED,
      tenant: 'tid',
      unlimiting: [],
    },
    firstPartyScopes: [],
  },
  okta: {
    algorithms: ['RS256'],
    // "sub" is the login name, which can change.
    claims: { ...STANDARD_CLAIMS, subject: 'uid', role: 'groups', scope: 'scp', client: ['cid'] },
    checks: { required: {}, refused: REFUSED, unlimiting: [] },
    firstPartyScopes: [],
  },
  cognito: {
    algorithms: ['RS256'],
    claims: {
      ...STANDARD_CLAIMS,
      role: 'cognito:groups',
      client: ['client_id'],
      audience: 'client_id',
    },
    checks: {
      required: { token_use: /^access$/ },
      refused: REFUSED,
      unlimiting: [],
    },
    firstPartyScopes: ['aws.cognito.signin.user.admin'],
  },
  keycloak: {
    algorithms: ['RS256'],
    claims: { ...STANDARD_CLAIMS, role: 'realm_access.roles', client: ['azp'] },
    checks: {
      // Not "nonce": versions before 25 put it into access tokens. A service account has no session.
      required: { typ: /^Bearer$/, sid: PRESENT },
      refused: { ...NEVER_OF_USERS, clientHost: ANY, clientAddress: ANY },
      unlimiting: ['realm_access', 'resource_access'],
    },
    firstPartyScopes: [],
  },
};
