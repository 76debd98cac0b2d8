import { distance } from 'fastest-levenshtein';
import type { IssuerConfig } from './issuers.ts';
import { isProtected } from './parsers.ts';
import { serviceVariables } from './upstream-services.ts';
import { SECRETS, urlVariable, VARIABLES, type Variables } from './variables.ts';

/** A log line about the configuration: a fixed message and its fields. */
export interface ConfigWarning {
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** The effects in production of leaving these variables unset. */
const CONSEQUENCES = {
  UPSTREAM_TOKEN: 'Calls to the services carry no credential of this service.',
  VIEWER_SIGNING_KEY: 'Calls to the services do not say for which viewer they are made.',
  PURGE_SECRET: 'Purges are refused, and stored responses are served until they expire.',
  TRUSTED_PROXIES:
    'X-Forwarded-For and X-Forwarded-Proto are ignored: behind a proxy, all clients share the ' +
    "proxy's address and its rate limit, and no Strict-Transport-Security is sent.",
};

/** The effects of addresses that are reached by plain HTTP, unless a service mesh encrypts it. */
const UNPROTECTED = {
  JWKS_URL: 'Whoever is on the network path can replace the keys, and so sign tokens of any user.',
  INTROSPECTION_URL: "Whoever is on the network path can read users' tokens and forge the answers.",
  UPSTREAM_TOKEN_URL:
    "Whoever is on the network path can read users' tokens and the client's secret.",
};

/** Variables of the demo, which reads the same .env. */
const DEMO_VARIABLES = [
  'DATA_DIR',
  'PURGE_URLS',
  'IDENTITY_PORT',
  'WEB_PAGE_PORT',
  'PHONE_PAGE_PORT',
];
const PORT_SUFFIXES = ['PORT', 'ADMIN_PORT'];
/** Minimum length of a known name for one or two edits, because short names are similar by chance. */
const MIN_LENGTH = { oneEdit: 6, twoEdits: 12 };

/** The names that appear in the names of variables: `WEB_PORT`, `ORDER_SERVICE_URL`. */
interface Names {
  readonly bffs: readonly string[];
  readonly upstreams: readonly string[];
}

const OR = new Intl.ListFormat('en-GB', { type: 'disjunction' });

/**
 * @param env - of a process in production
 * @param upstreams - those whose calls have no credential of this service
 */
export const missingInProduction = (
  env: NodeJS.ProcessEnv,
  upstreams: readonly string[],
): ConfigWarning[] =>
  Object.entries(CONSEQUENCES)
    .filter(([variable]) => !env[variable])
    .filter(([variable]) => variable !== 'UPSTREAM_TOKEN' || upstreams.length > 0)
    // Clients that end their TLS connection here come without a proxy.
    .filter(([variable]) => variable !== 'TRUSTED_PROXIES' || !env.TLS_CERT)
    .map(([variable, consequence]) => ({
      message: 'variable not set',
      fields: { variable, consequence },
    }));

/** @param issuers - whose keys may be at several addresses */
export const unprotectedInProduction = (
  { INTROSPECTION_URL, UPSTREAM_TOKEN_URL }: Variables,
  issuers: readonly IssuerConfig[],
): ConfigWarning[] => {
  const isListed = issuers.some((issuer) => issuer.isListed);
  const keys = issuers.map(({ jwksUrl }) => jwksUrl);
  const addresses = { JWKS_URL: keys, INTROSPECTION_URL, UPSTREAM_TOKEN_URL };
  return (['JWKS_URL', 'INTROSPECTION_URL', 'UPSTREAM_TOKEN_URL'] as const)
    .filter((name) => [addresses[name] ?? []].flat().some((address) => !isProtected(address)))
    .map((name) => ({
      message: 'address without encryption',
      fields: {
        variable: name === 'JWKS_URL' && isListed ? 'JWT_ISSUERS' : name,
        consequence: UNPROTECTED[name],
      },
    }));
};

export const ignoredVariables = (env: NodeJS.ProcessEnv, names: Names): ConfigWarning[] => [
  ...findMisspelt(env, names).map(({ variable, similarTo }) => ({
    message: 'unknown variable ignored',
    fields: { variable, similarTo },
  })),
  ...unsupportedOpenTelemetry(env),
];

/** OpenTelemetry has many more variables than those that are read here. */
const unsupportedOpenTelemetry = (env: NodeJS.ProcessEnv): ConfigWarning[] =>
  Object.keys(env)
    .filter((name) => name.startsWith('OTEL_') && !(name.replace(/_FILE$/, '') in VARIABLES.shape))
    .map((variable) => ({ message: 'OpenTelemetry variable ignored', fields: { variable } }));

/**
 * Finds variables that nothing reads and whose names resemble known ones.
 * @returns each with the names that may be intended: `RATE_LIMIT_ADDRESS or RATE_LIMIT_VIEWER`
 */
export function findMisspelt(env: NodeJS.ProcessEnv, { bffs, upstreams }: Names) {
  const urls = upstreams.map(urlVariable);
  const names = variableNames(bffs, upstreams);
  const known = new Set([...names, ...urls.map(toServiceHost)]);
  return Object.keys(env)
    .filter((variable) => !known.has(variable) && !isOneLowerCaseWord(variable))
    .flatMap((variable) => {
      const similar = findSimilar(variable.toUpperCase(), names);
      return similar.length > 0 ? [{ variable, similarTo: OR.format(similar) }] : [];
    });
}

/** The names of all variables that the BFFs and the stand-in services read. */
function variableNames(bffs: readonly string[], upstreams: readonly string[]): readonly string[] {
  const own = Object.keys(VARIABLES.shape).filter((name) => !PORT_SUFFIXES.includes(name));
  return [
    ...upstreams.flatMap(serviceVariables),
    ...own,
    ...SECRETS.map((name) => `${name}_FILE`),
    ...upstreams.map((name) => urlVariable(name).replace(/URL$/, 'PORT')),
    ...DEMO_VARIABLES,
    ...bffs.flatMap((bff) => PORT_SUFFIXES.map((suffix) => `${bff.toUpperCase()}_${suffix}`)),
  ];
}

/** The variable that Kubernetes sets for a service of the same name; nothing reads it. */
const toServiceHost = (name: string): string => name.replace(/URL$/, 'HOST');

/** Matches names such as `host`, which other programs set. */
const isOneLowerCaseWord = (name: string): boolean => /^[^A-Z_]+$/.test(name);

/** @returns the one name with a typo, or all names that start with the given one */
function findSimilar(given: string, names: readonly string[]): readonly string[] {
  const similar = names.find((name) => isSimilar(given, name));
  if (similar) return [similar];
  // One word alone, such as USER or DATA, belongs to other programs.
  if (!given.includes('_')) return [];
  return names.filter((name) => name.startsWith(`${given}_`) && !name.endsWith('_FILE'));
}

function isSimilar(given: string, known: string): boolean {
  if (normalize(given) === normalize(known)) return true;
  const edits = distance(given, known);
  return (
    (edits <= 1 && known.length >= MIN_LENGTH.oneEdit) ||
    (edits <= 2 && known.length >= MIN_LENGTH.twoEdits)
  );
}

/** Removes underscores and the plural ending. */
const normalize = (name: string): string =>
  name.replaceAll('_', '').replace(/IES$/, 'Y').replace(/S$/, '');
