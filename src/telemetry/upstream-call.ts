/** One call to an upstream, shared by all requests that wait for it. Times are those of `performance.now()`. */
export interface UpstreamCall {
  readonly upstream: string;
  readonly operation: string;
  /** The number of keys of a batch; undefined for other calls. */
  readonly keys: number | undefined;
  /** The number of requests that the call was sent for, or that have joined it since. */
  requests: number;
  readonly startedAt: number;
  /** Undefined while the call is in flight. */
  endedAt: number | undefined;
  /** `ok`, or the kind of failure. */
  outcome: string | undefined;
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
