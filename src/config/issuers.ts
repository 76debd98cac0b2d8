import * as z from 'zod';
import { userClaim } from './limiting-claims.ts';
import { names, oneOf, url } from './parsers.ts';
import {
  ALGORITHMS,
  type ClaimChecks,
  type ClaimPaths,
  PROFILES,
  PROVIDERS,
  type SignatureAlgorithm,
  STANDARD_PROFILE,
} from './providers.ts';

/** A token issuer, and how a user is read from its tokens. */
export interface IssuerConfig {
  /** The exact `iss` of its tokens. */
  readonly issuer: string;
  readonly jwksUrl: URL;
  /** A token must name one of them. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly claims: ClaimPaths;
  readonly checks: ClaimChecks;
  /** Our role for each of the issuer's roles. */
  readonly roles: ReadonlyMap<string, Role>;
  /** The role of a user whose token names none of these; undefined refuses the token. */
  readonly defaultRole: 'customer' | undefined;
  /** The ids of our own clients; undefined if every token without a scope belongs to one. */
  readonly clients: readonly string[] | undefined;
  /** Scopes that do not limit a token of our own clients. */
  readonly firstPartyScopes: readonly string[];
  /** The beginning of scopes that are meant for us, which is removed; other scopes grant nothing. */
  readonly scopePrefix: string;
  /** Precedes the subject in a user's id; the ids of two issuers never meet. */
  readonly userIdPrefix: string;
  /** The longer prefixes of other issuers, with which no id of this issuer may begin. */
  readonly foreignPrefixes: readonly string[];
  /** True if it is configured by JWT_ISSUERS. */
  readonly isListed: boolean;
}

type Role = 'customer' | 'staff';

/** Scopes of OpenID Connect (Core §5.4 and §11), which say what the client learns about the user. */
const OIDC_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'];
const OWN_ROLES = { customer: ['customer'], staff: ['staff'] };

const NAMES = String.raw`\s*[^\s,;=][^,;=]*(,\s*[^\s,;=][^,;=]*)*`;
const ROLES = new RegExp(`^(customer|staff)=${NAMES}(;(?!\\1)(customer|staff)=${NAMES})?$`);
const text = z.string().trim().min(1, { error: 'must not be empty' });

/** `staff=admin,support;customer=user` as lists of the issuer's roles. */
const roleTable = z
  .string()
  .regex(ROLES, { error: 'must be such as staff=admin,support;customer=user, each role once' })
  .transform((table) =>
    Object.fromEntries(
      table.split(';').map((row) => {
        const [role = '', names = ''] = row.split('=');
        return [role, names.split(',').map((name) => name.trim())];
      }),
    ),
  );

const issuerName = z.string().regex(/^\S+$/, { error: 'must be a name without spaces' });
const algorithm = oneOf(...ALGORITHMS);
const provider = oneOf(...PROVIDERS);
const defaultRole = z.literal('customer', { error: 'must be customer, or empty' });

/** The variables of a single issuer, in the order of .env.example. */
export const ISSUER_VARIABLES = {
  JWKS_URL: url.optional(),
  JWT_ISSUER: issuerName.optional(),
  JWT_AUDIENCE: names.optional(),
  JWT_PROVIDER: provider.optional(),
  JWT_CLIENTS: names.optional(),
  JWT_FIRST_PARTY_SCOPES: names.optional(),
  JWT_SCOPE_PREFIX: text.optional(),
  JWT_ROLES: roleTable.optional(),
  JWT_DEFAULT_ROLE: defaultRole.optional(),
  JWT_ALGORITHMS: names.pipe(z.array(algorithm)).optional(),
  JWT_SUBJECT_CLAIM: userClaim.optional(),
  JWT_ROLE_CLAIM: userClaim.optional(),
  JWT_SCOPE_CLAIM: text.optional(),
};
const REQUIRED = ['JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const;

/** The variable of each setting of an issuer in JWT_ISSUERS. */
export const SETTING_VARIABLES = {
  jwksUrl: 'JWKS_URL',
  issuer: 'JWT_ISSUER',
  audience: 'JWT_AUDIENCE',
  provider: 'JWT_PROVIDER',
  clients: 'JWT_CLIENTS',
  firstPartyScopes: 'JWT_FIRST_PARTY_SCOPES',
  scopePrefix: 'JWT_SCOPE_PREFIX',
  roles: 'JWT_ROLES',
  defaultRole: 'JWT_DEFAULT_ROLE',
  algorithms: 'JWT_ALGORITHMS',
  subjectClaim: 'JWT_SUBJECT_CLAIM',
  roleClaim: 'JWT_ROLE_CLAIM',
  scopeClaim: 'JWT_SCOPE_CLAIM',
} as const;

const texts = z.array(text).min(1, { error: 'must be a list of texts' });
const ISSUER_SETTINGS = z
  .strictObject({
    issuer: issuerName,
    jwksUrl: url,
    audience: z.union([text.transform((one) => [one]), texts], {
      error: 'must be a text or a list of texts',
    }),
    provider: provider.optional(),
    clients: texts.optional(),
    firstPartyScopes: texts.optional(),
    scopePrefix: text.optional(),
    roles: z.partialRecord(oneOf('customer', 'staff'), texts).optional(),
    defaultRole: defaultRole.optional(),
    algorithms: z.array(algorithm).min(1).optional(),
    subjectClaim: userClaim.optional(),
    roleClaim: userClaim.optional(),
    scopeClaim: text.optional(),
    userIdPrefix: z.string({ error: 'must be a text; it may be empty for one issuer' }).max(64),
  })
  .refine(({ provider, clients }) => !provider || clients, {
    path: ['clients'],
    error: 'must list your own clients if "provider" is set',
  });
type IssuerSettings = z.infer<typeof ISSUER_SETTINGS>;

/** The issuers, and the faults of the variables that no parser of a single one finds. */
interface ReadIssuers {
  readonly issuers: readonly IssuerConfig[];
  readonly faults: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the issuers from JWT_ISSUERS, or a single one from the variables of its settings. */
export function readIssuers(env: Environment): ReadIssuers {
  return env.JWT_ISSUERS ? readList(env.JWT_ISSUERS, env) : readSingle(env);
}

function readSingle(env: Environment): ReadIssuers {
  const faults = REQUIRED.filter((name) => !env[name]).map((name) => `${name}: must be set`);
  if (env.JWT_PROVIDER && !env.JWT_CLIENTS) {
    faults.push('JWT_CLIENTS: must list your own clients if JWT_PROVIDER is set');
  }
  const { data } = z.object(ISSUER_VARIABLES).safeParse(env);
  if (!data || faults.length > 0) return { issuers: [], faults };
  const read: Record<string, unknown> = data;
  const settings = Object.entries(SETTING_VARIABLES).map(([name, variable]) => [
    name,
    read[variable],
  ]);
  const issuer = { ...Object.fromEntries(settings), userIdPrefix: '' } as IssuerSettings;
  return { issuers: [toIssuer(issuer, [], false)], faults };
}

function readList(json: string, env: Environment): ReadIssuers {
  const alone = Object.keys(ISSUER_VARIABLES)
    .filter((name) => env[name])
    .map((name) => `${name}: must not be set with JWT_ISSUERS`);
  const { data, error } = z.array(ISSUER_SETTINGS).min(1).safeParse(parseJson(json));
  if (error) return { issuers: [], faults: [...alone, ...error.issues.map(explain)] };
  const faults = [
    ...alone,
    ...repeated(data, 'issuer').map((issuer) => `JWT_ISSUERS: "${issuer}" is listed twice`),
    ...repeated(data, 'userIdPrefix').map(
      (prefix) => `JWT_ISSUERS: "userIdPrefix" must differ, but two are "${prefix}"`,
    ),
  ];
  const prefixes = data.map(({ userIdPrefix }) => userIdPrefix);
  return { issuers: data.map((settings) => toIssuer(settings, prefixes, true)), faults };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Names the setting at fault; never quotes the value. */
function explain({ path, message, code, ...issue }: z.core.$ZodIssue): string {
  const [index, ...names] = path;
  if (index === undefined) return 'JWT_ISSUERS: must be a JSON array of at least one issuer';
  const place = `JWT_ISSUERS: [${String(index)}]${names.map((name) => `.${String(name)}`).join('')}`;
  if (code === 'unrecognized_keys') {
    return `${place}: unknown ${(issue as { keys?: readonly string[] }).keys?.join(', ')}`;
  }
  return `${place}: ${message.startsWith('Invalid input') ? 'is missing or not valid' : message}`;
}

function repeated(all: readonly IssuerSettings[], name: 'issuer' | 'userIdPrefix'): string[] {
  const values = all.map((settings) => settings[name]);
  return [...new Set(values.filter((value, n) => values.indexOf(value) !== n))];
}

function toIssuer(
  settings: IssuerSettings,
  prefixes: readonly string[],
  isListed: boolean,
): IssuerConfig {
  const { issuer, jwksUrl, audience, clients, scopePrefix = '', userIdPrefix } = settings;
  const { algorithms, claims, checks, firstPartyScopes } = settings.provider
    ? PROFILES[settings.provider]
    : STANDARD_PROFILE;
  return {
    issuer,
    jwksUrl,
    audiences: audience,
    algorithms: settings.algorithms ?? algorithms,
    claims: {
      ...claims,
      subject: settings.subjectClaim ?? claims.subject,
      role: settings.roleClaim ?? claims.role,
      scope: settings.scopeClaim ?? claims.scope,
    },
    checks,
    roles: toRoles(settings.roles ?? OWN_ROLES),
    defaultRole: settings.defaultRole,
    clients,
    firstPartyScopes: [...OIDC_SCOPES, ...firstPartyScopes, ...(settings.firstPartyScopes ?? [])],
    scopePrefix,
    userIdPrefix,
    foreignPrefixes: prefixes.filter(
      (prefix) => prefix !== userIdPrefix && prefix.startsWith(userIdPrefix),
    ),
    isListed,
  };
}

/** A role of the issuer that is listed twice has the lesser of our roles. */
const toRoles = ({ staff = [], customer = [] }: Partial<Record<Role, string[]>>) =>
  new Map<string, Role>([
    ...staff.map((name) => [name, 'staff'] as const),
    ...customer.map((name) => [name, 'customer'] as const),
  ]);
