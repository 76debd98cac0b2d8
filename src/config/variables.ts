import * as z from 'zod';
import { ISSUER_VARIABLES } from './issuers.ts';
import { LOGIN_VARIABLES } from './login.ts';
import {
  addresses,
  count,
  dnsServers,
  headerNames,
  httpUrls,
  megabytes,
  milliseconds,
  oneOf,
  origins,
  otlpPairs,
  port,
  positiveMilliseconds,
  proxies,
  ratio,
  redisUrl,
  sampler,
  secret,
  url,
  urls,
  webhookSecret,
  workers,
} from './parsers.ts';

/** The variables that a BFF reads besides the addresses of its upstreams, in the order of .env.example. */
export const VARIABLES = z.object({
  NODE_ENV: oneOf('development', 'test', 'production').default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port.optional(),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  WORKERS: workers.default(1),
  ...ISSUER_VARIABLES,
  JWT_ISSUERS: z.string().optional(),
  INTROSPECTION_URL: url.optional(),
  INTROSPECTION_CLIENT_ID: z.string().optional(),
  INTROSPECTION_CLIENT_SECRET: z.string().optional(),
  API_KEYS_PATH: z.string().optional(),
  ...LOGIN_VARIABLES,
  TRUSTED_PROXIES: proxies,
  ALLOW_ADDRESSES: addresses,
  DENY_ADDRESSES: addresses,
  CORS_ORIGINS: origins,
  CORS_HEADERS: headerNames,
  OPERATIONS: oneOf('any', 'trusted').optional(),
  OPERATIONS_MANIFEST: z.string().optional(),
  BATCH_MAX_OPERATIONS: count.default(0),
  RATE_LIMIT_ADDRESS: count.optional(),
  RATE_LIMIT_VIEWER: count.optional(),
  REDIS_URL: redisUrl.optional(),
  REDIS_CA: z.string().optional(),
  REDIS_CERT: z.string().optional(),
  REDIS_KEY: z.string().optional(),
  REQUEST_DEADLINE_MS: positiveMilliseconds.default(5_000),
  DRAIN_DELAY_MS: milliseconds.optional(),
  UPSTREAM_ATTEMPT_TIMEOUT_MS: positiveMilliseconds.default(1_000),
  UPSTREAM_TOKEN: z.string().optional(),
  VIEWER_SIGNING_KEY: secret.optional(),
  UPSTREAM_CA: z.string().optional(),
  UPSTREAM_CERT: z.string().optional(),
  UPSTREAM_KEY: z.string().optional(),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: port.optional(),
  PURGE_SECRET: webhookSecret.optional(),
  EDGE_PURGE_URL: httpUrls.optional(),
  EDGE_PURGE_TOKEN: z.string().optional(),
  CACHE_MEMORY_MB: megabytes.default(64),
  DNS_SERVERS: dnsServers.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: otlpPairs.optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_RESOURCE_ATTRIBUTES: otlpPairs.optional(),
  OTEL_TRACES_SAMPLER: sampler.default('traceidratio'),
  OTEL_TRACES_SAMPLER_ARG: ratio.default(0.01),
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').optional(),
  SANDBOX_TOKEN: z.string().optional(),
});

/** The variable with the addresses of an upstream, such as `ORDER_SERVICE_URL`. */
export const urlVariable = (upstream: string): string => `${upstream.toUpperCase()}_SERVICE_URL`;

/** The variables with the addresses of these upstreams. */
export const urlVariables = (upstreams: readonly string[]) =>
  z.object(Object.fromEntries(upstreams.map((name) => [urlVariable(name), urls])));

export type Variables = z.infer<typeof VARIABLES>;

/** The variables that a file can provide: its name is the value of `<NAME>_FILE`. */
export const SECRETS = [
  'EDGE_PURGE_TOKEN',
  'INTROSPECTION_CLIENT_SECRET',
  'JWT_ISSUERS',
  'LOGIN_CLIENT_SECRET',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'PURGE_SECRET',
  'REDIS_URL',
  'SANDBOX_TOKEN',
  'SESSION_SECRET',
  'UPSTREAM_TOKEN',
  'VIEWER_SIGNING_KEY',
];
