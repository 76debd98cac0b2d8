import { setTimeout as sleep } from 'node:timers/promises';
import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  handleWhen,
  SamplingBreaker,
} from 'cockatiel';
import { RequestDeadline, remainingMs } from '../deadline.ts';
import type { Log } from '../telemetry/log.ts';
import type { CallContext } from './call-context.ts';
import {
  isCallerRefused,
  isIndependentOfCaller,
  isUpstreamFault,
  UpstreamFailure,
} from './errors.ts';
import { WaiterGroup } from './waiter-group.ts';

const FAILURE_RATIO = 0.5;
const WINDOW_MS = 3_000;
/** At least 15 callers in a window, so that a few failures of a quiet hour open nothing. */
const MIN_CALLS_PER_SECOND = 5;
const OPEN_MS = 1_000;
/** A probe that starts this long after the circuit opened follows a time without callers. */
const QUIET_AFTER_MS = 1_250;

/** Tells the breaker whether an error counts, where its cause does not say so itself. */
class BreakerVerdict extends Error {
  readonly counts: boolean;

  constructor(cause: unknown, counts: boolean) {
    super('', { cause });
    this.counts = counts;
  }
}

interface BreakerOptions {
  readonly operation: string;
  /** The least time, in milliseconds, that a call must have left for a 5xx of its to count. */
  readonly minBudgetMs: number;
  /** The time that a probe has, in milliseconds. */
  readonly probeBudgetMs: number;
  /** How long callers wait for a probe, in milliseconds: longer than an upstream in health takes. */
  readonly maxProbeWaitMs: () => number;
  readonly log: Log;
}

/**
 * The circuit breaker of one operation. It counts callers, not calls, so that a batch weighs as
 * much as the callers that wait for it.
 *
 * A client's deadline or disconnect never opens, closes or probes a circuit: a 5xx counts only if the
 * call had `patienceMs` left, since an upstream is told how long its caller waits; an abandoned call
 * counts for nothing; and a probe has a deadline of its own. docs/upstreams.md lists every outcome.
 */
export function createBreaker(options: BreakerOptions) {
  const {
    operation,
    minBudgetMs: patienceMs,
    probeBudgetMs: probeMs,
    maxProbeWaitMs: overdueMs,
    log,
  } = options;
  let openedAt = 0;
  let countedAt = 0;
  /** Settles when the probe is answered or overdue; undefined if callers are refused meanwhile. */
  let probed: Promise<unknown> | undefined;
  const isProbing = () => breaker.state === CircuitState.HalfOpen;
  const counts = (error: unknown) =>
    error instanceof BreakerVerdict ? error.counts : isUpstreamFault(error);
  const sampling = new SamplingBreaker({
    threshold: FAILURE_RATIO,
    duration: WINDOW_MS,
    minimumRps: MIN_CALLS_PER_SECOND,
  });
  const noSamples = sampling.state;
  const breaker = circuitBreaker(handleWhen(counts), {
    halfOpenAfter: OPEN_MS,
    breaker: sampling,
  });
  breaker.onBreak(() => {
    openedAt = performance.now();
    log.warn({ operation }, 'circuit open');
  });
  breaker.onReset(() => log.warn({ operation }, 'circuit closed'));

  /** The library forgets old samples only as new ones come. */
  function forgetOldSamples(): void {
    const now = Date.now();
    if (now - countedAt > WINDOW_MS) sampling.state = noSamples;
    countedAt = now;
  }

  function count<T>(call: CallContext, work: (call: CallContext) => Promise<T>): Promise<T> {
    forgetOldSamples();
    const isPatient = call.deadline.expiresAt - performance.now() >= patienceMs;
    return breaker.execute(() => (isPatient ? work(call) : work(call).catch(weighImpatient)));
  }

  /** Runs on behalf of the circuit: the caller may leave before the outcome is known. */
  function probe<T>(call: CallContext, work: (call: CallContext) => Promise<T>): Promise<T> {
    remainingMs(call.deadline.expiresAt);
    const isAfterQuiet = performance.now() - openedAt > QUIET_AFTER_MS;
    const deadline = new RequestDeadline(probeMs);
    const probing = breaker.execute(() => work({ ...call, deadline }).catch(weighProbe));
    if (isProbing()) probed = isAfterQuiet ? settledWithin(probing, overdueMs()) : undefined;
    const waiting = new WaiterGroup<T>();
    const outcome = waiting.join(call);
    probing.then(
      (value) => waiting.resolve(value),
      (error) => waiting.reject(error),
    );
    return outcome;
  }

  return {
    /** Whether one call finds out if the upstream is back. */
    isProbing,
    /**
     * @param work - runs at most once, with the call or one that has a deadline of its own
     * @throws UpstreamFailure `refused` while the circuit is open; `abandoned` if the caller leaves
     */
    async run<T>(call: CallContext, work: (call: CallContext) => Promise<T>): Promise<T> {
      // After a quiet time the upstream is probably back, and its answer worth the wait.
      if (isProbing() && probed) await call.deadline.wait(probed);
      if (isProbing()) throw new UpstreamFailure('refused', 'circuit open, and probed');
      const outcome = breaker.state === CircuitState.Closed ? count(call, work) : probe(call, work);
      return outcome.catch(explain);
    },
  };
}

function weighImpatient(error: unknown): never {
  throw new BreakerVerdict(error, isIndependentOfCaller(error));
}

/** A probe proves something only if it is answered; to refuse its caller is an answer. */
function weighProbe(error: unknown): never {
  throw new BreakerVerdict(error, error instanceof UpstreamFailure && !isCallerRefused(error));
}

/** Resolves when the work has an outcome of either kind, or after a time. */
async function settledWithin(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  const stop = () => timer.abort();
  const timeout = sleep(timeoutMs, undefined, { ref: false, signal: timer.signal });
  await Promise.race([work.then(stop, stop), timeout]);
}

function explain(error: unknown): never {
  if (error instanceof BreakerVerdict) throw error.cause;
  if (error instanceof BrokenCircuitError) throw new UpstreamFailure('refused', 'circuit open');
  throw error;
}
