import { z } from 'zod';

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

const address = (protocol: RegExp, error: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocol.test(new URL(text).protocol), { error })
    .transform((text) => new URL(text));

const url = address(/^https?:$/, 'must be an http or https address');

const list = z.string().transform((text) => text.split(',').map((part) => part.trim()));

const SRV = /^srv\+https?:$/;
const urls = list
  .pipe(z.array(address(/^(srv\+)?https?:$/, 'must be http, https or srv+http(s) addresses')))
  .refine((found) => found.length === 1 || !found.some(({ protocol }) => SRV.test(protocol)), {
    error: 'must be one srv+http(s) address alone, or others separated by commas',
  });

const port = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'must be a port number, 0 to 65535' })
  .transform(Number)
  .refine((number) => number <= 65_535, { error: 'must be a port number, 0 to 65535' });

const milliseconds = z
  .string()
  .regex(/^\d{1,6}$/, { error: 'must be a number of milliseconds, at most 999999' })
  .transform(Number);

const positive = milliseconds.refine((number) => number > 0, {
  error: 'must be at least 1 millisecond',
});

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
  VIEWER_SIGNING_KEY: z.string().min(32, { error: 'must have at least 32 characters' }).optional(),
  DNS_SERVERS: list.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).optional(),
  SANDBOX_TOKEN: z.string().optional(),
});

/** The variables that may also come as the name of a file that holds them: `<NAME>_FILE`. */
export const SECRETS = ['SANDBOX_TOKEN', 'UPSTREAM_TOKEN', 'VIEWER_SIGNING_KEY'];

const WRONG = 'The configuration is wrong:';
const JWKS_PATH = '/.well-known/jwks.json';

/** The demo's services and issuer; production must name its own. */
const DEMO = {
  USER_SERVICE_URL: 'http://127.0.0.1:5001',
  ORDER_SERVICE_URL: 'http://127.0.0.1:5002',
  NOTIFICATION_SERVICE_URL: 'http://127.0.0.1:5003',
  JWT_ISSUER: 'https://demo.frontdesk.example',
  JWT_AUDIENCE: 'frontdesk',
};

/**
 * Reads the configuration of one BFF.
 * @throws ConfigError that names every variable at fault
 */
export function loadConfig(
  env: NodeJS.ProcessEnv,
  bff: { readonly name: string; readonly port: number },
): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const production = env.NODE_ENV === 'production';
  const withDefaults = production ? given : withDemo(given);
  const portVariable = `${bff.name.toUpperCase()}_PORT`;

  const result = VARIABLES.safeParse({ ...withDefaults, PORT: given[portVariable] });
  if (!result.success) throw new ConfigError(explain(result.error, portVariable));
  if (production && result.data.JWT_ISSUER === DEMO.JWT_ISSUER) {
    throw new ConfigError(`${WRONG}\n  JWT_ISSUER: must not be the demo's, whose key is public`);
  }
  const read = result.data;
  return {
    host: read.HOST,
    port: read.PORT ?? bff.port,
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

function explain(error: z.ZodError, portVariable: string): string {
  const lines = error.issues.map(({ path, message, code, input }) => {
    const variable = path[0] === 'PORT' ? portVariable : String(path[0]);
    const missing = code === 'invalid_type' && input === undefined;
    return `  ${variable}: ${missing ? 'must be set' : message}`;
  });
  return `${WRONG}\n${[...new Set(lines)].join('\n')}`;
}
