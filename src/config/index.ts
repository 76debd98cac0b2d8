/**
 * The configuration of a BFF, read once at start from environment variables.
 *
 * Empty variables count as unset. Outside production, the demo's values fill the gaps. Each variable
 * is parsed and validated, then mapped to a Config, which is passed on; only main.ts files read
 * process.env. One ConfigError lists every variable at fault; settings that are valid but probably
 * not intended become warnings.
 *
 * It must never start with an invalid value, accept the demo's credentials in production, or show the
 * value of a secret in an error.
 */
import type * as z from 'zod';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { demoValues, type UpstreamDefaults, withDemo } from './demo-defaults.ts';
import { type IssuerConfig, readIssuers } from './issuers.ts';
import { loginFaults, toLogin } from './login.ts';
import { isRunByNpm } from './parsers.ts';
import { readPemFiles } from './pem-files.ts';
import {
  readUpstreamServices,
  unusedTokenEndpoint,
  withoutCredentials,
} from './upstream-services.ts';
import { VARIABLES, type Variables } from './variables.ts';
import { ignoredVariables, missingInProduction, unprotectedInProduction } from './warnings.ts';

export type { Config, NetworkConfig, UpstreamConfig } from './config.ts';
export { ConfigError, describeIssue, readAll } from './config-error.ts';
export { type IssuerConfig, SETTING_VARIABLES } from './issuers.ts';
export { findLimitingClaim } from './limiting-claims.ts';
export { isOwnClient, type LoginConfig } from './login.ts';
export {
  type CertificateWithKey,
  type ClientTls,
  type ListenerTls,
  readCertificateWithKey,
} from './pem-files.ts';
export type { RedisAddress } from './redis-address.ts';
export type {
  OAuthCredentials,
  ServiceCredentials,
  ServiceTls,
  StaticCredentials,
} from './upstream-services.ts';
export { urlVariable } from './variables.ts';
export { findMisspelt } from './warnings.ts';

/** The defaults that a BFF provides itself. */
interface BffDefaults {
  readonly name: string;
  readonly port: number;
  readonly adminPort: number;
  readonly trustedOnly?: boolean;
  readonly credentials?: readonly string[];
  readonly upstreams: Readonly<Record<string, UpstreamDefaults>>;
}

/**
 * Reads the configuration of one BFF.
 * @throws ConfigError that names every variable at fault
 */
export function loadConfig(env: NodeJS.ProcessEnv, bff: BffDefaults): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const production = env.NODE_ENV === 'production';
  const upstreams = Object.keys(bff.upstreams);
  const withDefaults = production ? given : withDemo(given, bff.upstreams);
  const prefix = bff.name.toUpperCase();
  const result = VARIABLES.safeParse({
    ...withDefaults,
    PORT: given[`${prefix}_PORT`],
    ADMIN_PORT: given[`${prefix}_ADMIN_PORT`],
  });
  const tokens = readIssuers(withDefaults);
  const pem = attempt(() => readPemFiles(given));
  const services = attempt(() =>
    readUpstreamServices(bff.upstreams, withDefaults, result.data, tokens.issuers),
  );
  const hasSessions = bff.credentials?.includes('cookie') ?? false;
  const faults = [
    ...services.faults,
    ...(result.success ? [] : explain(result.error, prefix)),
    ...tokens.faults,
    ...missingCredentials(given),
    ...(hasSessions ? loginFaults(given, result.data?.WORKERS, tokens.issuers) : []),
    ...unusedTokenEndpoint(given),
    ...pem.faults,
    ...plainRedisFaults(given),
    ...(production ? demoFaults(given, tokens.issuers) : []),
    ...(production ? mcpFaults(given) : []),
  ];
  if (!result.success || !services.value || !pem.value || faults.length > 0)
    throw new ConfigError(faults);
  const read = result.data;
  return {
    host: read.HOST,
    port: read.PORT ?? bff.port,
    tls: pem.value.listener,
    workers: read.WORKERS,
    admin: {
      host: read.ADMIN_HOST,
      port: read.ADMIN_PORT ?? bff.adminPort,
      purgeSecret: read.PURGE_SECRET,
    },
    edges: read.EDGE_PURGE_URL && { urls: read.EDGE_PURGE_URL, token: read.EDGE_PURGE_TOKEN },
    cacheBytes: read.CACHE_MEMORY_MB * 1024 * 1024,
    strictScopes: read.NODE_ENV === 'test',
    isDevelopment: read.NODE_ENV === 'development',
    production,
    logLevel: read.LOG_LEVEL ?? (production ? 'info' : 'warn'),
    requestDeadlineMs: read.REQUEST_DEADLINE_MS,
    isRunByNpm: isRunByNpm(env),
    drainDelayMs: read.DRAIN_DELAY_MS ?? (production ? 3_000 : 0),
    upstreams: {
      ...services.value,
      dnsServers: read.DNS_SERVERS ?? [],
      // An attempt must time out before its request's deadline, so that a retry is possible.
      attemptTimeoutMs: Math.min(read.UPSTREAM_ATTEMPT_TIMEOUT_MS, read.REQUEST_DEADLINE_MS / 2),
      writeTimeoutMs: read.REQUEST_DEADLINE_MS,
      viewerKey: read.VIEWER_SIGNING_KEY,
    },
    issuers: tokens.issuers,
    introspection: toIntrospection(read),
    apiKeysPath: read.API_KEYS_PATH,
    login: hasSessions ? toLogin(read) : undefined,
    publicUrl: read.PUBLIC_URL,
    network: {
      trustedProxies: read.TRUSTED_PROXIES,
      allow: read.ALLOW_ADDRESSES,
      deny: read.DENY_ADDRESSES,
    },
    corsOrigins: read.CORS_ORIGINS,
    corsHeaders: read.CORS_HEADERS,
    trustedOnly: read.OPERATIONS
      ? read.OPERATIONS === 'trusted'
      : production && (bff.trustedOnly ?? false),
    manifestPath: read.OPERATIONS_MANIFEST,
    maxBatchOperations: read.BATCH_MAX_OPERATIONS,
    servesTools: read.MCP === 'on',
    rateLimits: {
      address: read.RATE_LIMIT_ADDRESS ?? (production ? 600_000 : 0),
      viewer: read.RATE_LIMIT_VIEWER ?? (production ? 30_000 : 0),
    },
    redis: read.REDIS_URL,
    redisTls: pem.value.redis,
    tracing: toTracing(read, bff.name),
    sandboxToken: production ? undefined : read.SANDBOX_TOKEN,
    warnings: [
      ...ignoredVariables(given, { bffs: [bff.name], upstreams }),
      ...(production ? missingInProduction(given, withoutCredentials(services.value)) : []),
      ...(production ? unprotectedInProduction(read, tokens.issuers) : []),
    ],
  };
}

function toIntrospection(read: Variables): Config['introspection'] {
  const { INTROSPECTION_URL: url } = read;
  const { INTROSPECTION_CLIENT_ID: clientId, INTROSPECTION_CLIENT_SECRET: clientSecret } = read;
  return url && clientId && clientSecret ? { url, clientId, clientSecret } : undefined;
}

interface Attempt<T> {
  readonly value?: T;
  readonly faults: readonly string[];
}

function attempt<T>(read: () => T): Attempt<T> {
  try {
    return { value: read(), faults: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.faults };
    throw error;
  }
}

/** A connection that its operator believes to be encrypted must not be a plain one. */
const plainRedisFaults = (given: NodeJS.ProcessEnv): string[] =>
  ['REDIS_CA', 'REDIS_CERT']
    .filter((name) => given[name] && /^redis[:+]/.test(given.REDIS_URL ?? ''))
    .map((name) => `${name}: needs a rediss address in REDIS_URL`);

function toTracing(read: Variables, bff: string): Config['tracing'] {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers = {} } = read;
  const { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio } = read;
  const serviceName = read.OTEL_SERVICE_NAME ?? `frontdesk-${bff}`;
  const resource = read.OTEL_RESOURCE_ATTRIBUTES ?? {};
  return endpoint && { endpoint, headers, serviceName, resource, sampler: { name, ratio } };
}

const missingCredentials = (given: NodeJS.ProcessEnv): string[] =>
  ['INTROSPECTION_CLIENT_ID', 'INTROSPECTION_CLIENT_SECRET']
    .filter((name) => given.INTROSPECTION_URL && !given[name])
    .map((name) => `${name}: must be set with INTROSPECTION_URL`);

const demoFaults = (given: NodeJS.ProcessEnv, issuers: readonly IssuerConfig[]): string[] =>
  demoValues(given, issuers).map(
    (name) => `${name}: must not be the demo's value: its key is public`,
  );

/** Clients compare the URL that they use with the one that the metadata names (RFC 9728 §3.3). */
const mcpFaults = (given: NodeJS.ProcessEnv): string[] =>
  given.MCP === 'on' && !given.PUBLIC_URL ? ['PUBLIC_URL: must be set with MCP=on'] : [];

function explain(error: z.ZodError, prefix: string): string[] {
  const lines = error.issues.map(({ path, message, code, input }) => {
    const name = String(path[0]);
    const variable = name === 'PORT' || name === 'ADMIN_PORT' ? `${prefix}_${name}` : name;
    const missing = code === 'invalid_type' && input === undefined;
    return `${variable}: ${missing ? 'must be set' : message}`;
  });
  return [...new Set(lines)];
}
