import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { NO_STORE } from '../cache/index.ts';
import { answerBrokenRequest, answerErrors, answerFrameworkError } from './error-handler.ts';

/** How long a client may take to send a request. */
const REQUEST_TIMEOUT_MS = 15_000;
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
    exposeHeadRoutes: false,
    // Who needs a query reads it from the address.
    routerOptions: { querystringParser: () => ({}) },
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerBrokenRequest,
    ...options,
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).headers(NO_STORE);
    done();
  });
  answerErrors(app, notHere);
  return app;
}

const requestIdOf = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
