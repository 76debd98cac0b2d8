import { z } from 'zod';
import {
  list,
  megabytes,
  milliseconds,
  port,
  positive,
  secret,
  url,
  urls,
} from './config-readers.ts';

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
  /** This service's own bearer token. */
  readonly token: string | undefined;
  /** What viewers' identities are signed with, for the services to verify. */
  readonly viewerKey: string | undefined;
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
  /** How long after SIGTERM requests are still taken, so that balancers notice, in milliseconds. */
  readonly drainDelayMs: number;
  readonly upstreams: UpstreamConfig;
  readonly tokens: { readonly jwksUrl: URL; readonly issuer: string; readonly audience: string };
  /** A token that the explorer starts with; only outside of production. */
  readonly sandboxToken: string | undefined;
}

/** Says in one readable message which variables are wrong, all of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const VARIABLES = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port.optional(),
  USER_SERVICE_URL: urls,
  ORDER_SERVICE_URL: urls,
  NOTIFICATION_SERVICE_URL: urls,
  JWKS_URL: url,
  JWT_ISSUER: z.string(),
  JWT_AUDIENCE: z.string(),
  REQUEST_DEADLINE_MS: positive.default(5_000),
  DRAIN_DELAY_MS: milliseconds.optional(),
  UPSTREAM_ATTEMPT_TIMEOUT_MS: positive.default(1_000),
  UPSTREAM_TOKEN: z.string().optional(),
  VIEWER_SIGNING_KEY: secret.optional(),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: port.optional(),
  PURGE_SECRET: secret.optional(),
  CACHE_MEMORY_MB: megabytes.default(64),
  DNS_SERVERS: list.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).optional(),
  SANDBOX_TOKEN: z.string().optional(),
});

/** The variables that may also come as the name of a file that holds them: `<NAME>_FILE`. */
export const SECRETS = ['PURGE_SECRET', 'SANDBOX_TOKEN', 'UPSTREAM_TOKEN', 'VIEWER_SIGNING_KEY'];

const WRONG = 'The configuration is wrong:';
const JWKS_PATH = '/.well-known/jwks.json';

/** The demo's services and issuer; production must name its own. */
const DEMO = {
  USER_SERVICE_URL: 'http://127.0.0.1:5001',
  ORDER_SERVICE_URL: 'http://127.0.0.1:5002',
  NOTIFICATION_SERVICE_URL: 'http://127.0.0.1:5003',
  JWT_ISSUER: 'https://demo.frontdesk.example',
  JWT_AUDIENCE: 'frontdesk',
  PURGE_SECRET: 'the-demo-purges-with-this-public-key',
};

/**
 * Reads the configuration of one BFF.
 * @throws ConfigError that names every variable at fault
 */
export function loadConfig(
  env: NodeJS.ProcessEnv,
  bff: { readonly name: string; readonly port: number; readonly adminPort: number },
): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const production = env.NODE_ENV === 'production';
  const withDefaults = production ? given : withDemo(given);
  const prefix = bff.name.toUpperCase();

  const result = VARIABLES.safeParse({
    ...withDefaults,
    PORT: given[`${prefix}_PORT`],
    ADMIN_PORT: given[`${prefix}_ADMIN_PORT`],
  });
  if (!result.success) throw new ConfigError(explain(result.error, prefix));
  if (production) refuseDemo(result.data);
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
    drainDelayMs: read.DRAIN_DELAY_MS ?? (production ? 3_000 : 0),
    upstreams: {
      urls: {
        user: read.USER_SERVICE_URL,
        order: read.ORDER_SERVICE_URL,
        notification: read.NOTIFICATION_SERVICE_URL,
      },
      dnsServers: read.DNS_SERVERS ?? [],
      attemptTimeoutMs: read.UPSTREAM_ATTEMPT_TIMEOUT_MS,
      token: read.UPSTREAM_TOKEN,
      viewerKey: read.VIEWER_SIGNING_KEY,
    },
    tokens: { jwksUrl: read.JWKS_URL, issuer: read.JWT_ISSUER, audience: read.JWT_AUDIENCE },
    sandboxToken: production ? undefined : read.SANDBOX_TOKEN,
  };
}

function withDemo(given: Record<string, string | undefined>) {
  const all = { ...DEMO, ...given };
  const [issuer] = urls.safeParse(all.USER_SERVICE_URL).data ?? [];
  return { JWKS_URL: new URL(JWKS_PATH, issuer ?? DEMO.USER_SERVICE_URL).href, ...all };
}

/** @throws ConfigError that names every secret that everyone knows */
function refuseDemo(read: z.infer<typeof VARIABLES>): void {
  const demos = (['JWT_ISSUER', 'PURGE_SECRET'] as const).filter(
    (name) => read[name] === DEMO[name],
  );
  if (demos.length === 0) return;
  const lines = demos.map((name) => `  ${name}: must not be the demo's, whose key is public`);
  throw new ConfigError(`${WRONG}\n${lines.join('\n')}`);
}

function explain(error: z.ZodError, prefix: string): string {
  const lines = error.issues.map(({ path, message, code, input }) => {
    const name = String(path[0]);
    const variable = name === 'PORT' || name === 'ADMIN_PORT' ? `${prefix}_${name}` : name;
    const missing = code === 'invalid_type' && input === undefined;
    return `  ${variable}: ${missing ? 'must be set' : message}`;
  });
  return `${WRONG}\n${[...new Set(lines)].join('\n')}`;
}
