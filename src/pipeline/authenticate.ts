import type { IncomingHttpHeaders } from 'node:http';
import type { ReadViewer, RecheckViewer } from '../auth/credentials.ts';
import { RequestDeadline } from '../deadline.ts';
import { BffError } from '../errors.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import {
  type TraceContext,
  toUnsampled,
  traceContextOf,
  traceIdOf,
} from '../telemetry/tracing/trace-context.ts';
import type { Viewer } from '../viewer.ts';
import { createLocaleReader } from './locale.ts';
import type { ClientRequest, OperationRequest } from './operation-request.ts';

const TIMEOUT = /^[1-9]\d{0,8}$/;

/** The client of a request: its viewer, its deadline, and the values that upstreams get. */
export interface Caller extends TraceContext {
  readonly requestId: string;
  readonly address: string;
  readonly viewer: Viewer;
  readonly deadline: RequestDeadline;
  /** The preferred language, in lower case. */
  readonly locale: string | undefined;
  readonly record: RequestRecord;
}

/** The state of a request whose client is known. */
export interface WithCaller {
  readonly caller: Caller;
}

export interface Authenticated<R extends ClientRequest = OperationRequest> extends WithCaller {
  readonly request: R;
}

export interface AuthenticateParts {
  readonly readViewer: ReadViewer;
  readonly recheckViewer: RecheckViewer;
  /** The time limit of a request. */
  readonly requestDeadlineMs: number;
}

/** Creates the phase that reads the viewer from the request's credentials and starts its deadline. */
export function createAuthenticate(parts: AuthenticateParts) {
  const { readViewer, recheckViewer, requestDeadlineMs } = parts;
  const localeOf = createLocaleReader();

  /**
   * @throws BffError BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, UPSTREAM_UNAVAILABLE or
   *   UPSTREAM_TIMEOUT; may also reject with them
   */
  return <R extends ClientRequest>(request: R): MaybePromise<Authenticated<R>> => {
    const { id: requestId, address, headers, record } = request;
    const deadline = new RequestDeadline(Math.min(requestDeadlineMs, timeoutOf(headers)));
    const client = traceContextOf(headers);
    const { traceparent, tracestate } = record.isUnsampled ? toUnsampled(client) : client;
    record.traceId ??= traceIdOf(traceparent);
    const toState = (viewer: Viewer): Authenticated<R> => {
      record.viewer = viewer.role;
      const locale = localeOf(headers['accept-language']);
      const trace = { traceparent, tracestate };
      return {
        request,
        caller: { requestId, address, viewer, deadline, locale, record, ...trace },
      };
    };
    const viewer = request.isConnected ? recheckViewer(headers) : readViewer(request);
    return viewer instanceof Promise ? deadline.wait(viewer).then(toState) : toState(viewer);
  };
}

/**
 * Reads the client's own time limit, in milliseconds.
 * @throws BffError BAD_REQUEST
 */
function timeoutOf({ 'x-request-timeout-ms': value }: IncomingHttpHeaders): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (typeof value === 'string' && TIMEOUT.test(value)) return Number(value);
  throw new BffError('BAD_REQUEST', 'X-Request-Timeout-Ms must be a whole number, at least 1.');
}
