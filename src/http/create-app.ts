import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { CountedRequest } from './counted-request.ts';
import {
  answerError,
  answerErrors,
  answerFrameworkError,
  type ErrorAnswerer,
} from './error-handler.ts';
import { refuseIgnoredBody } from './ignored-body.ts';
import { answerExpectation, answerMalformedRequest } from './malformed-request.ts';
import { refuseRepeatedHeaders } from './repeated-headers.ts';
import { addOperationLog, RequestLog } from './request-log.ts';
import { setSecurityHeaders } from './security-headers.ts';

/** How long a client may take to send a request, and its headers, in milliseconds. */
const REQUEST_TIMEOUT_MS = 12_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** How often it is looked for those who take longer. */
const CHECKING_INTERVAL_MS = 1_000;
/** How long nothing may move on a connection with an answer under way. */
const IDLE_TIMEOUT_MS = 15_000;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

interface AppOptions extends FastifyServerOptions {
  /** What to say where there is nothing. */
  readonly notFoundMessage: string;
  /** Replaces the answerer of errors. */
  readonly answerError?: ErrorAnswerer;
}

/**
 * A listener of ours: every answer has the request's id, every error one form, and nothing is kept
 * by anyone unless a route says so.
 */
export function createApp({
  notFoundMessage: notHere,
  answerError: answer = answerError,
  ...options
}: AppOptions): FastifyInstance {
  const app = fastify({
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    http: {
      IncomingMessage: CountedRequest,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      // Node would refuse it without a body.
      requireHostHeader: false,
    },
    exposeHeadRoutes: false,
    // Who needs a query reads it from the address.
    routerOptions: { querystringParser: () => ({}) },
    logController: new RequestLog(),
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerMalformedRequest,
    ...options,
  });
  setSecurityHeaders(app);
  addOperationLog(app);
  app.addHook('onRequest', (request, _reply, done) => {
    refuseRepeatedHeaders(request.raw);
    refuseIgnoredBody(request.raw);
    done();
  });
  app.server.on('checkExpectation', answerExpectation);
  const parse = app.getDefaultJsonParser('error', 'error');
  // Many clients say that they send JSON when they send nothing.
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parse(request, body as string, done),
  );
  answerErrors(app, notHere, answer);
  return app;
}

const requestIdOf = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
