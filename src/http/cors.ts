import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** What a browser may be told of a preflight for, in seconds; Chromium remembers no longer. */
const REMEMBERED_S = 7_200;
const SENT = [
  'accept-language',
  'apollo-require-preflight',
  'apollographql-client-name',
  'apollographql-client-version',
  'authorization',
  'baggage',
  'cache-control',
  'content-type',
  'graphql-cost',
  'sentry-trace',
  'traceparent',
  'tracestate',
  'x-apollo-operation-name',
  'x-csrf-protection',
  'x-request-id',
  'x-request-timeout-ms',
];
const READ = [
  'age',
  'cache-status',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'x-request-id',
];

interface CorsOptions {
  /** None may ask if it is empty. */
  readonly origins: readonly string[];
  /** The request headers that are allowed besides those above. */
  readonly headers: readonly string[];
  /** Whether requests may bring a session's cookie. */
  readonly hasSessions: boolean;
}

/** Lets pages of these origins ask from a browser (CORS), and no others. */
export async function allowOrigins(
  app: FastifyInstance,
  { origins, headers, hasSessions }: CorsOptions,
): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    // What is no preflight is answered as everywhere else.
    strictPreflight: false,
    credentials: hasSessions,
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: [...SENT, ...headers],
    exposedHeaders: READ,
    maxAge: REMEMBERED_S,
  });
}
