import type { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { demoValues, withDemo } from './demo-defaults.ts';
import { isRunByNpm } from './parsers.ts';
import { VARIABLES, type Variables } from './variables.ts';
import { type ConfigWarning, missingInProduction, misspeltVariables } from './warnings.ts';

export { ConfigError, describeIssue, readAll } from './config-error.ts';
export { SECRETS } from './variables.ts';
export { findMisspelt } from './warnings.ts';

/** How the services are reached. */
export interface UpstreamConfig {
  /** The instances of each; one `srv+http(s)` address stands for all that DNS gives. */
  readonly urls: {
    readonly user: readonly URL[];
    readonly order: readonly URL[];
    readonly notification: readonly URL[];
  };
  /** Whom to ask for SRV records, as `address:port`; the system's if empty. */
  readonly dnsServers: readonly string[];
  /** The longest that one attempt of a read may take, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** The longest that a write may take, in milliseconds, whatever the deadline of its client. */
  readonly writeTimeoutMs: number;
  /** This service's own bearer token. */
  readonly token: string | undefined;
  /** What viewers' identities are signed with, for the services to verify. */
  readonly viewerKey: string | undefined;
}

/** Who may connect: addresses and CIDR ranges. */
export interface NetworkConfig {
  readonly trustedProxies: readonly string[];
  /** Everyone if empty. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** All that a BFF is told by its environment. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Where operators and services purge; not for the public. */
  readonly admin: {
    readonly host: string;
    readonly port: number;
    /** What purges are signed with; none are taken without it. */
    readonly purgeSecret: string | undefined;
  };
  /** How much memory kept answers may take, in bytes; nothing is kept if it is 0. */
  readonly cacheBytes: number;
  /** Whether it is an error to look at the viewer for an answer that others get as well. */
  readonly strictScopes: boolean;
  /** Whether introspection, the explorer and suggestions are off. */
  readonly production: boolean;
  readonly logLevel: string;
  /** How long a request may take, in milliseconds. */
  readonly requestDeadlineMs: number;
  /** Whether an npm script starts the process, so that npm is its parent and forwards signals. */
  readonly isRunByNpm: boolean;
  /** How long after SIGTERM requests are still taken, so that balancers notice, in milliseconds. */
  readonly drainDelayMs: number;
  readonly upstreams: UpstreamConfig;
  readonly tokens: { readonly jwksUrl: URL; readonly issuer: string; readonly audience: string };
  /** Where opaque tokens are looked up (RFC 7662), and with which credentials; undefined if nowhere. */
  readonly introspection:
    | { readonly url: URL; readonly clientId: string; readonly clientSecret: string }
    | undefined;
  /** The file with the hashes of API keys; none are taken without it. */
  readonly apiKeysPath: string | undefined;
  readonly network: NetworkConfig;
  /** The origins whose pages may ask from a browser (CORS). */
  readonly corsOrigins: readonly string[];
  /** The request headers that they may send besides the usual ones, in lower case. */
  readonly corsHeaders: readonly string[];
  /** Whether only known operations are taken. */
  readonly trustedOnly: boolean;
  /** A manifest of operations that are known besides the committed ones. */
  readonly manifestPath: string | undefined;
  /** How many operations one request may have as an array; none if it is 0. */
  readonly batchMost: number;
  /** Cost units per minute; unlimited if 0. */
  readonly rateLimits: { readonly address: number; readonly viewer: number };
  /** What replicas share; undefined for one alone. */
  readonly redisUrl: URL | undefined;
  /** A token that the explorer starts with; only outside of production. */
  readonly sandboxToken: string | undefined;
  /** What to log at the start. */
  readonly warnings: readonly ConfigWarning[];
}

/** What a BFF itself says of its configuration. */
interface BffDefaults {
  readonly name: string;
  readonly port: number;
  readonly adminPort: number;
  readonly trustedOnly?: boolean;
}

/**
 * Reads the configuration of one BFF.
 * @throws ConfigError that names every variable at fault
 */
export function loadConfig(env: NodeJS.ProcessEnv, bff: BffDefaults): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const production = env.NODE_ENV === 'production';
  const withDefaults = production ? given : withDemo(given);
  const prefix = bff.name.toUpperCase();
  const result = VARIABLES.safeParse({
    ...withDefaults,
    PORT: given[`${prefix}_PORT`],
    ADMIN_PORT: given[`${prefix}_ADMIN_PORT`],
  });
  const faults = [
    ...(result.success ? [] : explain(result.error, prefix)),
    ...missingCredentials(given),
    ...(production ? demoFaults(given) : []),
  ];
  if (!result.success || faults.length > 0) throw new ConfigError(faults);
  const read = result.data;
  return {
    host: read.HOST,
    port: read.PORT ?? bff.port,
    admin: {
      host: read.ADMIN_HOST,
      port: read.ADMIN_PORT ?? bff.adminPort,
      purgeSecret: read.PURGE_SECRET,
    },
    cacheBytes: read.CACHE_MEMORY_MB * 1024 * 1024,
    strictScopes: read.NODE_ENV === 'test',
    production,
    logLevel: read.LOG_LEVEL ?? (production ? 'info' : 'warn'),
    requestDeadlineMs: read.REQUEST_DEADLINE_MS,
    isRunByNpm: isRunByNpm(env),
    drainDelayMs: read.DRAIN_DELAY_MS ?? (production ? 3_000 : 0),
    upstreams: {
      urls: {
        user: read.USER_SERVICE_URL,
        order: read.ORDER_SERVICE_URL,
        notification: read.NOTIFICATION_SERVICE_URL,
      },
      dnsServers: read.DNS_SERVERS ?? [],
      // A call must be able to fail by itself, before its request's deadline makes it.
      attemptTimeoutMs: Math.min(read.UPSTREAM_ATTEMPT_TIMEOUT_MS, read.REQUEST_DEADLINE_MS / 2),
      writeTimeoutMs: read.REQUEST_DEADLINE_MS,
      token: read.UPSTREAM_TOKEN,
      viewerKey: read.VIEWER_SIGNING_KEY,
    },
    tokens: { jwksUrl: read.JWKS_URL, issuer: read.JWT_ISSUER, audience: read.JWT_AUDIENCE },
    introspection: toIntrospection(read),
    apiKeysPath: read.API_KEYS_PATH,
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
    batchMost: read.BATCH_MOST,
    rateLimits: {
      address: read.RATE_LIMIT_ADDRESS ?? (production ? 600_000 : 0),
      viewer: read.RATE_LIMIT_VIEWER ?? (production ? 30_000 : 0),
    },
    redisUrl: read.REDIS_URL,
    sandboxToken: production ? undefined : read.SANDBOX_TOKEN,
    warnings: [
      ...misspeltVariables(given, [bff.name]),
      ...(production ? missingInProduction(given) : []),
    ],
  };
}

function toIntrospection(read: Variables): Config['introspection'] {
  const { INTROSPECTION_URL: url } = read;
  const { INTROSPECTION_CLIENT_ID: clientId, INTROSPECTION_CLIENT_SECRET: clientSecret } = read;
  return url && clientId && clientSecret ? { url, clientId, clientSecret } : undefined;
}

const missingCredentials = (given: NodeJS.ProcessEnv): string[] =>
  ['INTROSPECTION_CLIENT_ID', 'INTROSPECTION_CLIENT_SECRET']
    .filter((name) => given.INTROSPECTION_URL && !given[name])
    .map((name) => `${name}: must be set with INTROSPECTION_URL`);

const demoFaults = (given: NodeJS.ProcessEnv): string[] =>
  demoValues(given).map((name) => `${name}: must not be the demo's, whose key is public`);

function explain(error: z.ZodError, prefix: string): string[] {
  const lines = error.issues.map(({ path, message, code, input }) => {
    const name = String(path[0]);
    const variable = name === 'PORT' || name === 'ADMIN_PORT' ? `${prefix}_${name}` : name;
    const missing = code === 'invalid_type' && input === undefined;
    return `${variable}: ${missing ? 'must be set' : message}`;
  });
  return [...new Set(lines)];
}
