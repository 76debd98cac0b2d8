/** One running copy of an upstream. */
export interface CalledInstance {
  /** 1 for the first one that this process has known, and so on. */
  readonly number: number;
  readonly baseUrl: string;
}

/** One call to an upstream, shared by all requests that wait for it. Times are those of `performance.now()`. */
export interface UpstreamCall {
  readonly upstream: string;
  readonly operation: string;
  /** The number of keys of a batch; undefined for other calls. */
  readonly keys: number | undefined;
  /** The number of times that the same read has been sent before. */
  readonly retries: number;
  /** The instance of the upstream that it was sent to. */
  readonly instance: CalledInstance;
  /** The number of requests that the call was sent for, or that have joined it since. */
  requests: number;
  readonly startedAt: number;
  /** Undefined while the call is in flight. */
  endedAt: number | undefined;
  /** `ok`, or the kind of failure. */
  outcome: string | undefined;
}

/**
 * What a request waits for at an upstream: a batch, another read or a write, made of any number of calls.
 * Recorded for requests whose response is explained, and for no others.
 */
export interface UpstreamAccess {
  /** Upstream and operation, such as `user.usersByIds`. */
  readonly name: string;
  /** On the clock of `performance.now()`, like `endedAt`. */
  readonly startedAt: number;
  endedAt: number | undefined;
  /** The state of the circuit breaker when the call was sent or refused. */
  circuit: string | undefined;
  /** The kind of failure; undefined if there is none. */
  failure: string | undefined;
  readonly calls: Set<UpstreamCall>;
}

/**
 * Returns the time during which at least one of the calls was in flight, in milliseconds.
 * @param now - the end of the calls that are still in flight
 */
export function busyMs(calls: readonly UpstreamCall[], now: number): number {
  let totalMs = 0;
  let countedUntil = Number.NEGATIVE_INFINITY;
  for (const { startedAt, endedAt = now } of calls.toSorted(byStart)) {
    if (endedAt <= countedUntil) continue;
    totalMs += endedAt - Math.max(startedAt, countedUntil);
    countedUntil = endedAt;
  }
  return totalMs;
}

const byStart = (a: UpstreamCall, b: UpstreamCall): number => a.startedAt - b.startedAt;
