import type { Recorder, Viewer } from '../context.ts';
import type { RequestDeadline } from '../deadline.ts';

/** The request on whose behalf an upstream is asked. */
export interface CallContext {
  readonly requestId: string;
  readonly viewer: Viewer;
  readonly deadline: RequestDeadline;
  /** Whom to tell what the request touches and changes. */
  readonly recorder?: Recorder | undefined;
  /** The client's language, as a BCP 47 tag. */
  readonly locale?: string | undefined;
  /** The client's trace (W3C Trace Context). */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** Those who wait for one and the same upstream call. */
export interface CallWaiters {
  /** Those that it was sent for, each once; of a batch, all whose keys are in it. */
  readonly requesters: readonly CallContext[];
  /** Those who wait now; who joined later is among them. */
  readonly current: () => readonly CallContext[];
  /** The latest deadline of those who wait now, on the clock of `performance.now()`. */
  readonly expiresAt: number;
  /** Aborted when the last of them has left. */
  readonly signal: AbortSignal;
}
