import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { BffError } from '../errors.ts';
import { clientOf } from '../telemetry/log.ts';
import { createRequestLineWriter } from '../telemetry/request-line.ts';
import { type CompletedRequest, isFor, RequestRecord } from '../telemetry/request-record.ts';
import { formatServerTiming } from '../telemetry/server-timing.ts';
import { isHealthCheck } from './health.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What is known about the request so far. */
    record: RequestRecord;
  }
  interface FastifyContextConfig {
    /** True for the routes of protocols, whose requests may be traced. */
    isTraced?: boolean;
  }
}

/** Watches requests from the first hook to the end of the response. */
export interface RequestObserver {
  readonly begin: (request: FastifyRequest) => void;
  readonly end: (request: FastifyRequest, completed: CompletedRequest) => void;
}

/** Of the admin listener. */
export const METRICS_PATH = '/metrics';

/** The status that proxies log for such requests. */
const CLIENT_CLOSED_REQUEST = 499;

/** Fastify's own request log, which `observeRequests` replaces. */
export class NoRequestLog extends LogController {
  override incomingRequest(): void {}
  override requestCompleted(): void {}
  /** Fastify would log the whole request, with its credentials. Whoever made the stream logs its failure. */
  override streamError(): void {}
}

/** Gives each request a record, and writes one log line at its end. Register it before other hooks. */
export function observeRequests(
  app: FastifyInstance,
  log: Logger,
  observer?: RequestObserver,
): void {
  const writeLine = createRequestLineWriter(log);
  app.decorateRequest('record');
  app.addHook('onRequest', (request, reply, done) => {
    request.record = new RequestRecord();
    observer?.begin(request);
    reply.raw.on('close', () => {
      const completed = describeCompleted(request, statusOfResponse(request, reply));
      observer?.end(request, completed);
      writeLine?.(request, completed, isRoutine(request));
    });
    done();
  });
}

/** Balancers and Prometheus send these every few seconds, for ever. */
const isRoutine = (request: FastifyRequest): boolean =>
  isHealthCheck(request) ||
  (request.url.startsWith(METRICS_PATH) && request.routeOptions.url === METRICS_PATH);

/** The log for another line about a request, which has its id. */
export const logOf = ({ log, id }: FastifyRequest): FastifyBaseLogger => log.child({ reqId: id });

/** Describes a request, or an operation on a connection that stays open, at its end. */
export function describeCompleted(
  { record, method, headers }: Pick<FastifyRequest, 'record' | 'method' | 'headers'>,
  status: number,
): CompletedRequest {
  return {
    record,
    method,
    status,
    durationMs: performance.now() - record.startedAt,
    client: clientOf(headers['apollographql-client-name']),
    clientVersion: clientOf(headers['apollographql-client-version']),
  };
}

/** A stream ends when its client leaves; any other response has then broken off. */
const statusOfResponse = ({ record }: FastifyRequest, { raw }: FastifyReply): number =>
  raw.writableFinished || record.isStream ? raw.statusCode : CLIENT_CLOSED_REQUEST;

/**
 * The value of the Server-Timing header; undefined for a request that does not get one.
 * @param isStored - true if shared caches store the response with its headers, and send it to others
 */
export function serverTimingOf({ record }: FastifyRequest, isStored = false): string | undefined {
  const { timings, timingsFor, viewer } = record;
  if (!timings || !isFor(timingsFor, viewer)) return undefined;
  if (isStored && timingsFor !== 'everyone') return undefined;
  return formatServerTiming(record, performance.now());
}

/** Records the error that ends a request. */
export function recordRefusal(
  { record }: Pick<FastifyRequest, 'record'>,
  code: string,
  error?: BffError,
): void {
  record.errorCodes = [code];
  const { policy } = error?.details ?? {};
  if (code === 'OVERLOADED') record.refusedBy = 'overload';
  if (code === 'RATE_LIMITED') record.refusedBy = `${policy} rate limit`;
}
