import * as z from 'zod';
import { ConfigError, readAll } from './config-error.ts';
import type { IssuerConfig } from './issuers.ts';
import { oneOf, urls, urlsOrGrpc } from './parsers.ts';
import { type ClientTls, type ClientTlsNames, readClientTls } from './pem-files.ts';
import type { Variables } from './variables.ts';

type Given = Readonly<Record<string, string | undefined>>;

/** How each upstream is reached, by the upstreams' names. */
export interface UpstreamServices {
  /** The instances; one `srv+` address stands for all instances in DNS. */
  readonly urls: Readonly<Record<string, readonly URL[]>>;
  readonly credentials: Readonly<Record<string, ServiceCredentials>>;
  /** The trusted authorities and this service's certificate, for https addresses. */
  readonly tls: Readonly<Record<string, ServiceTls>>;
}

/** How calls to one upstream are authenticated. */
export type ServiceCredentials = StaticCredentials | OAuthCredentials;

/** A bearer token of this service. */
export interface StaticCredentials {
  readonly kind: 'token';
  /** Undefined for none. */
  readonly token: string | undefined;
  /** The file with the token, if it is in one, which is read again when it changes. */
  readonly file: string | undefined;
}

/**
 * Access tokens of a token endpoint, for this service (client credentials, RFC 6749 §4.4) or in
 * exchange for the viewer's own token (RFC 8693).
 */
export interface OAuthCredentials {
  readonly kind: 'client-credentials' | 'token-exchange';
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The file with the client's secret, if it is in one, which is read again when it changes. */
  readonly file: string | undefined;
  readonly audience: string | undefined;
  readonly scope: string | undefined;
  /** The issuer whose tokens are exchanged: no other's may be shown to the token endpoint. */
  readonly subjectIssuer: string;
}

/** The certificates for calls to one upstream. */
export interface ServiceTls extends ClientTls {
  /** The paths of the files that they are from, which are read again when they change. */
  readonly files: { readonly [File in keyof ClientTls]?: string };
}

/** The variables of one upstream, each without its prefix: `ORDER_SERVICE_URL` is `URL`. */
const SERVICE = z.object({
  URL: urls,
  CREDENTIALS: oneOf('token', 'client-credentials', 'token-exchange').default('token'),
  TOKEN: z.string().optional(),
  TOKEN_FILE: z.string().optional(),
  AUDIENCE: z.string().optional(),
  SCOPE: z.string().optional(),
  CERT: z.string().optional(),
  KEY: z.string().optional(),
  CA: z.string().optional(),
});
/** Those of a service that speaks gRPC too. */
const GRPC_SERVICE = SERVICE.extend({ URL: urlsOrGrpc });
type Service = z.infer<typeof SERVICE>;

const SUFFIXES = Object.keys(SERVICE.shape);
const CLIENT_VARIABLES = ['UPSTREAM_TOKEN_URL', 'UPSTREAM_CLIENT_ID', 'UPSTREAM_CLIENT_SECRET'];

/** The prefix of the variables of an upstream, such as `ORDER_SERVICE`. */
const prefixOf = (upstream: string): string => `${upstream.toUpperCase()}_SERVICE`;

/** The names of all variables of an upstream. */
export const serviceVariables = (upstream: string): readonly string[] =>
  SUFFIXES.map((suffix) => `${prefixOf(upstream)}_${suffix}`);

/** The variables of upstreams that a file can provide: those whose `_FILE` is set. */
export const serviceSecrets = (given: Given): readonly string[] =>
  Object.keys(given).flatMap((name) => /^(\w+_SERVICE_TOKEN)_FILE$/.exec(name)?.[1] ?? []);

/**
 * Reads how each upstream is reached: its addresses, the credentials of calls to it, and its
 * certificates.
 * @param given - the variables that are set, with the demo's addresses outside production
 * @throws ConfigError with all faults
 */
export function readUpstreamServices(
  upstreams: Readonly<Record<string, { readonly grpcService?: unknown }>>,
  given: Given,
  shared: Variables | undefined,
  issuers: readonly IssuerConfig[],
): UpstreamServices {
  const services = readAll(
    ...Object.entries(upstreams).map(([name, { grpcService }]) => () => {
      const [service, tls] = readAll(
        () => readService(name, given, issuers, grpcService ? GRPC_SERVICE : SERVICE),
        () => readTls(name, given),
      );
      return { name, service, tls };
    }),
  );
  return {
    urls: byName(services, ({ service }) => service.URL),
    credentials: byName(services, ({ service }) => toCredentials(service, given, shared, issuers)),
    tls: byName(services, ({ tls }) => tls),
  };
}

const byName = <S extends { readonly name: string }, T>(
  services: readonly S[],
  map: (service: S) => T,
): Record<string, T> => Object.fromEntries(services.map((each) => [each.name, map(each)]));

function readService(
  name: string,
  given: Given,
  issuers: readonly IssuerConfig[],
  schema: typeof SERVICE,
): Service {
  const prefix = prefixOf(name);
  const values = SUFFIXES.map((suffix) => [suffix, given[`${prefix}_${suffix}`]]);
  const { data, error } = schema.safeParse(Object.fromEntries(values));
  if (!data) {
    throw new ConfigError(
      error.issues.map(({ path, message, code, input }) => {
        const missing = code === 'invalid_type' && input === undefined;
        return `${prefix}_${String(path[0])}: ${missing ? 'must be set' : message}`;
      }),
    );
  }
  const { CREDENTIALS: kind, TOKEN: token } = data;
  if (kind === 'token') {
    const unused = (['AUDIENCE', 'SCOPE'] as const).filter((suffix) => data[suffix]);
    if (unused.length === 0) return data;
    throw new ConfigError(
      unused.map((suffix) => `${prefix}_${suffix}: is not used without ${prefix}_CREDENTIALS`),
    );
  }
  const missing = CLIENT_VARIABLES.filter((variable) => !given[variable]);
  const faults = missing.map((variable) => `${variable}: must be set with ${prefix}_CREDENTIALS`);
  if (kind === 'token-exchange') faults.push(...subjectIssuerFaults(prefix, given, issuers));
  if (token) faults.push(`${prefix}_TOKEN: is not used with ${prefix}_CREDENTIALS=${kind}`);
  if (faults.length > 0) throw new ConfigError(faults);
  return data;
}

/** With several issuers, which of them the token endpoint belongs to must be said. */
function subjectIssuerFaults(prefix: string, given: Given, issuers: readonly IssuerConfig[]) {
  const { UPSTREAM_TOKEN_ISSUER: chosen } = given;
  if (chosen) {
    const isKnown = issuers.length === 0 || issuers.some(({ issuer }) => issuer === chosen);
    return isKnown ? [] : ['UPSTREAM_TOKEN_ISSUER: must be a configured issuer'];
  }
  return issuers.length > 1
    ? [`UPSTREAM_TOKEN_ISSUER: must be set with ${prefix}_CREDENTIALS and several issuers`]
    : [];
}

function toCredentials(
  { CREDENTIALS: kind, TOKEN, TOKEN_FILE, AUDIENCE: audience, SCOPE: scope }: Service,
  given: Given,
  shared: Variables | undefined,
  [only]: readonly IssuerConfig[],
): ServiceCredentials {
  if (kind === 'token') {
    return TOKEN
      ? { kind, token: TOKEN, file: TOKEN_FILE }
      : { kind, token: given.UPSTREAM_TOKEN, file: given.UPSTREAM_TOKEN_FILE };
  }
  const { UPSTREAM_TOKEN_URL: tokenUrl, UPSTREAM_CLIENT_ID: clientId = '' } = shared ?? {};
  const { UPSTREAM_CLIENT_SECRET: clientSecret = '' } = shared ?? {};
  const file = given.UPSTREAM_CLIENT_SECRET_FILE;
  const subjectIssuer = given.UPSTREAM_TOKEN_ISSUER ?? only?.issuer ?? '';
  const client = { tokenUrl: tokenUrl as URL, clientId, clientSecret, file };
  return { kind, ...client, audience, scope, subjectIssuer };
}

/** The certificates of one upstream: its own ones, otherwise those for all upstreams. */
function readTls(name: string, given: Given): ServiceTls {
  const own = prefixOf(name);
  const hasOwnPair = given[`${own}_CERT`] || given[`${own}_KEY`];
  const pair = hasOwnPair ? own : 'UPSTREAM';
  const names: ClientTlsNames = {
    ca: given[`${own}_CA`] ? `${own}_CA` : 'UPSTREAM_CA',
    pair: [`${pair}_CERT`, `${pair}_KEY`],
  };
  const paths = { ca: given[names.ca], cert: given[names.pair[0]], key: given[names.pair[1]] };
  const files = Object.fromEntries(Object.entries(paths).filter(([, path]) => path));
  return { ...readClientTls(given, names), files };
}

/** A token endpoint that no service of any BFF uses: one of them has another credential than intended. */
export const unusedTokenEndpoint = (given: Given): string[] =>
  given.UPSTREAM_TOKEN_URL &&
  !Object.keys(given).some(
    (name) => name.endsWith('_SERVICE_CREDENTIALS') && given[name] !== 'token',
  )
    ? [
        'UPSTREAM_TOKEN_URL: is not used without ORDER_SERVICE_CREDENTIALS or that of another service',
      ]
    : [];

/** The upstreams whose calls carry no token of this service. */
export const withoutCredentials = ({ credentials }: UpstreamServices): readonly string[] =>
  Object.entries(credentials).flatMap(([name, own]) =>
    own.kind === 'token' && !own.token ? name : [],
  );
