/**
 * The HTTP application that listeners are built on: a Fastify instance whose limits, headers, errors
 * and log lines are the same for every route.
 *
 * A request passes the onRequest hooks of createApp, then those for CORS and of the traffic guards
 * (server/create-server.ts). Then unknown paths and malformed URLs are refused, the body is parsed and
 * the route's handler runs. What any of them throws becomes a response in error-handler.ts. Bytes that are
 * not HTTP have no request and are answered in malformed-request.ts. With TLS (tls.ts), clients may use
 * HTTP/2, whose requests, responses and sessions are in http2-*.ts and behave like those of HTTP/1.1.
 *
 * It must never send a response without a request id and security headers, let a client keep a
 * connection busy without a time limit, or read a body that no route needs.
 */
import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { Logger } from 'pino';
import type { CertificateWithKey } from '../config/index.ts';
import { addCommonHeaders } from './common-headers.ts';
import { CountedRequest } from './counted-request.ts';
import { type ErrorHandler, handleError, pathNotFound } from './error-handler.ts';
import { isHttp2 } from './http2-request.ts';
import { setUpHttp2 } from './http2-sessions.ts';
import { refuseIgnoredBody } from './ignored-body.ts';
import { addJsonParser } from './json-body.ts';
import { answerMalformedRequest } from './malformed-request.ts';
import { createMalformedUrlRefusal } from './malformed-url.ts';
import { NoRequestLog, observeRequests, type RequestObserver } from './observe-requests.ts';
import { type OpenConnections, trackConnections } from './open-connections.ts';
import { refuseRepeatedHeaders } from './repeated-headers.ts';
import { tlsOptions } from './tls.ts';
import { createExpectationRefusal } from './unmet-expectation.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly connections: OpenConnections;
  }
}

/** Time for a client to send a request, and its headers. */
const REQUEST_TIMEOUT_MS = 12_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** The interval at which these timeouts are checked. */
const TIMEOUT_CHECK_MS = 1_000;
/** Time without any data on a connection whose response is being sent. */
const IDLE_TIMEOUT_MS = 15_000;
/** For node:http, with TLS and without. */
const HTTP1_OPTIONS = {
  IncomingMessage: CountedRequest,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  // refuseRepeatedHeaders does it: Node's own response has no body.
  requireHostHeader: false,
};
const REQUEST_ID = /^[\w.:-]{1,128}$/;

interface AppOptions extends Omit<FastifyServerOptions, 'logger' | 'loggerInstance'> {
  readonly log: Logger;
  /** Returns the message of responses to unknown paths. */
  readonly notFoundMessage: () => string;
  readonly handleError?: ErrorHandler;
  /** Makes the server speak TLS, with HTTP/2 and HTTP/1.1. */
  readonly tls?: CertificateWithKey | undefined;
  /** Asks clients for a certificate, if there is TLS. */
  readonly requestsCertificates?: boolean;
  readonly observer?: RequestObserver;
}

/** Creates an application without routes. */
export function createApp({
  log,
  notFoundMessage,
  handleError: onError = handleError,
  tls,
  requestsCertificates = false,
  observer,
  ...options
}: AppOptions): FastifyInstance {
  const malformedUrls = createMalformedUrlRefusal();
  const expectations = createExpectationRefusal();
  const app = fastify({
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    // Overrides that of HTTP1_OPTIONS if there is no TLS.
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    http: HTTP1_OPTIONS,
    ...(tls && tlsOptions(tls, HTTP1_OPTIONS, requestsCertificates)),
    exposeHeadRoutes: false,
    // Connections that were accepted before the server closes are answered as usual, and then closed.
    return503OnClosing: false,
    // Routes parse the query string themselves, if they need it.
    routerOptions: { querystringParser: () => ({}) },
    logController: new NoRequestLog(),
    // What Fastify itself logs about a request. As its own logger, the log would cost each request two
    // listeners; and a logger for each request (see logOf) would cost more than its line.
    childLoggerFactory: () => log,
    frameworkErrors: malformedUrls.reroute,
    clientErrorHandler: answerMalformedRequest,
    ...options,
  });
  const connections = trackConnections(app.server);
  app.decorate('connections', connections);
  app.addHook('preClose', connections.close);
  observeRequests(app, log, observer);
  addCommonHeaders(app);
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    if (isHttp2(raw)) raw.restoreMethod();
    refuseRepeatedHeaders(raw);
    refuseIgnoredBody(raw);
    done();
  });
  // After all onRequest hooks, and before a body is parsed.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    malformedUrls.refuse(request);
    expectations.refuse(request.raw);
    if (request.is404) throw pathNotFound(notFoundMessage());
    done();
  });
  // Without a handler of its own, Fastify runs no hooks for unknown paths. The hook above comes first.
  app.setNotFoundHandler(() => {
    throw pathNotFound(notFoundMessage());
  });
  app.setErrorHandler(onError);
  expectations.route(app);
  if (tls) {
    setUpHttp2(app.server, {
      firstRequestTimeoutMs: HEADERS_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
    });
  }
  addJsonParser(app);
  return app;
}

/** Takes the client's request id if it is a short token; otherwise generates one. */
const requestIdOf = (given: string | string[] | undefined): string =>
  typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
