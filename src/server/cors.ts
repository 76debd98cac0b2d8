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
  'cache-control',
  'content-type',
  'graphql-cost',
  'traceparent',
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

/**
 * Lets pages of these origins ask from a browser (CORS), and no others.
 * @param origins - none if it is empty
 * @param hasSessions - whether their requests may bring a session's cookie
 */
export async function allowOrigins(
  app: FastifyInstance,
  origins: readonly string[],
  hasSessions: boolean,
): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    // What is no preflight is answered as everywhere else.
    strictPreflight: false,
    credentials: hasSessions,
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: SENT,
    exposedHeaders: READ,
    maxAge: REMEMBERED_S,
  });
}
