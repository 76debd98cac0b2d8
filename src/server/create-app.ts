import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { NO_STORE } from '../cache/index.ts';
import { answerBrokenRequest, answerErrors, answerFrameworkError } from './error-handler.ts';

/** How long a client may take to send a request, and its headers, in milliseconds. */
const REQUEST_TIMEOUT_MS = 12_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** How often it is looked for those who take longer. */
const CHECKING_INTERVAL_MS = 1_000;
/** How long nothing may move on a connection with an answer under way. */
const IDLE_TIMEOUT_MS = 15_000;
/** What browsers are told of everything here: it is data, and nothing to be shown, framed or run. */
const SECURITY = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
} as const;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

interface AppOptions extends FastifyServerOptions {
  /** What to say where there is nothing. */
  readonly notHere: string;
}

/**
 * A listener of ours: every answer has the request's id, every error one form, and nothing is kept
 * by anyone unless a route says so.
 */
export function createApp({ notHere, ...options }: AppOptions): FastifyInstance {
  const app = fastify({
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
    },
    exposeHeadRoutes: false,
    // Who needs a query reads it from the address.
    routerOptions: { querystringParser: () => ({}) },
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerBrokenRequest,
    ...options,
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY).headers(NO_STORE).header('x-request-id', request.id);
    done();
  });
  answerErrors(app, notHere);
  return app;
}

const requestIdOf = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
