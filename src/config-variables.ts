import { z } from 'zod';
import {
  addresses,
  count,
  dnsServers,
  megabytes,
  milliseconds,
  oneOf,
  origins,
  port,
  positive,
  proxies,
  redisUrl,
  secret,
  url,
  urls,
} from './config-readers.ts';

/** Every variable that a BFF reads, in the order of .env.example. */
export const VARIABLES = z.object({
  NODE_ENV: oneOf('development', 'test', 'production').default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port.optional(),
  USER_SERVICE_URL: urls,
  ORDER_SERVICE_URL: urls,
  NOTIFICATION_SERVICE_URL: urls,
  JWKS_URL: url,
  JWT_ISSUER: z.string(),
  JWT_AUDIENCE: z.string(),
  INTROSPECTION_URL: url.optional(),
  INTROSPECTION_CLIENT_ID: z.string().optional(),
  INTROSPECTION_CLIENT_SECRET: z.string().optional(),
  API_KEYS_PATH: z.string().optional(),
  TRUSTED_PROXIES: proxies,
  ALLOW_ADDRESSES: addresses,
  DENY_ADDRESSES: addresses,
  CORS_ORIGINS: origins,
  OPERATIONS: oneOf('any', 'trusted').optional(),
  OPERATIONS_MANIFEST: z.string().optional(),
  BATCH_MOST: count.default(0),
  RATE_LIMIT_ADDRESS: count.optional(),
  RATE_LIMIT_VIEWER: count.optional(),
  REDIS_URL: redisUrl.optional(),
  REQUEST_DEADLINE_MS: positive.default(5_000),
  DRAIN_DELAY_MS: milliseconds.optional(),
  UPSTREAM_ATTEMPT_TIMEOUT_MS: positive.default(1_000),
  UPSTREAM_TOKEN: z.string().optional(),
  VIEWER_SIGNING_KEY: secret.optional(),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: port.optional(),
  PURGE_SECRET: secret.optional(),
  CACHE_MEMORY_MB: megabytes.default(64),
  DNS_SERVERS: dnsServers.optional(),
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').optional(),
  SANDBOX_TOKEN: z.string().optional(),
});

export type Variables = z.infer<typeof VARIABLES>;

/** The variables that may also come as the name of a file that holds them: `<NAME>_FILE`. */
export const SECRETS = [
  'INTROSPECTION_CLIENT_SECRET',
  'PURGE_SECRET',
  'REDIS_URL',
  'SANDBOX_TOKEN',
  'UPSTREAM_TOKEN',
  'VIEWER_SIGNING_KEY',
];
