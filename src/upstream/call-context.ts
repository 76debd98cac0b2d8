import type { RequestDeadline } from '../deadline.ts';
import type { Recorder } from '../recorder.ts';
import type { TraceSpan } from '../telemetry/tracing/span.ts';
import type { UpstreamAccess, UpstreamCall } from '../telemetry/upstream-call.ts';
import type { Viewer } from '../viewer.ts';
import type { RequestLoads } from './request-loads.ts';

/** The request on whose behalf the BFF calls an upstream. */
export interface CallContext {
  readonly requestId: string;
  readonly viewer: Viewer;
  /**
   * The viewer's own bearer token, for upstreams that get one in exchange for it. It must not be logged,
   * and a call with it must not be shared with another viewer's.
   */
  readonly viewerToken?: string | undefined;
  readonly deadline: RequestDeadline;
  /** Records which data the request reads and changes, for the response cache. */
  readonly recorder?: Recorder | undefined;
  /** The client's language, as a BCP 47 tag. */
  readonly locale?: string | undefined;
  /** The client's trace (the `traceparent` header of W3C Trace Context). */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** Collects the calls that are made for this request. Undefined if it is not observed. */
  readonly calls?: UpstreamCall[] | undefined;
  /** The loads of this request; undefined if nothing is known about its operation. */
  readonly loads?: RequestLoads | undefined;
  /** The span that the calls continue, if the request is traced. */
  readonly span?: TraceSpan | undefined;
  /** Collects what the request waits for. Undefined unless its response is explained. */
  readonly accesses?: UpstreamAccess[] | undefined;
  /** The one of them that the calls are made for. */
  readonly access?: UpstreamAccess | undefined;
}

/** The requests that wait for the same upstream call. */
export interface CallWaiters {
  /** The requests that the call was sent for, each once; for a batch, all with a key in it. */
  readonly requesters: readonly CallContext[];
  /** The requests that wait now, including those that joined after the call was sent. */
  readonly current: () => readonly CallContext[];
  /** The latest deadline of the requests that wait now, on the clock of `performance.now()`. */
  readonly expiresAt: number;
  /** Aborted when no request waits any longer. */
  readonly signal: AbortSignal;
}
