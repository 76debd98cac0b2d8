import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** Lifetime of a preflight response; the maximum of Chromium. */
const MAX_AGE_SECONDS = 7_200;
const REQUEST_HEADERS = [
  'accept-language',
  'apollo-require-preflight',
  'apollographql-client-name',
  'apollographql-client-version',
  'authorization',
  'baggage',
  'cache-control',
  'content-type',
  'dpop',
  'graphql-cost',
  'graphql-explain',
  'graphql-timing',
  'idempotency-key',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'sentry-trace',
  'traceparent',
  'tracestate',
  'x-apollo-operation-name',
  'x-csrf-protection',
  'x-request-id',
  'x-request-timeout-ms',
];
const RESPONSE_HEADERS = [
  'age',
  'cache-status',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'server-timing',
  'www-authenticate',
  'x-request-id',
];

interface CorsOptions {
  /** CORS is off if it is empty. */
  readonly origins: readonly string[];
  /** Allowed request headers besides REQUEST_HEADERS. */
  readonly headers: readonly string[];
  /** Allows requests with the session cookie. */
  readonly hasSessions: boolean;
}

/** Allows the pages of these origins to send requests from a browser (CORS), and no others. */
export async function allowOrigins(
  app: FastifyInstance,
  { origins, headers, hasSessions }: CorsOptions,
): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    // An OPTIONS request without the headers of a preflight is not an error.
    strictPreflight: false,
    credentials: hasSessions,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    // Joined here: the plugin would join lists again for each request.
    allowedHeaders: [...REQUEST_HEADERS, ...headers].join(', '),
    exposedHeaders: RESPONSE_HEADERS.join(', '),
    maxAge: MAX_AGE_SECONDS,
  });
}
