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
/** 15 requests in a window, so that a few failures at low traffic do not open the circuit. */
const MIN_CALLS_PER_SECOND = 5;
const OPEN_MS = 1_000;
/** A probe that starts this long after the circuit opened follows an idle period. */
const IDLE_AFTER_MS = 1_250;

const STATE_NAMES = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'isolated',
} as const;

/** An error with an explicit verdict for the breaker, where the cause alone does not decide it. */
class BreakerVerdict extends Error {
  readonly counts: boolean;

  constructor(cause: unknown, counts: boolean) {
    super('', { cause });
    this.counts = counts;
  }
}

interface BreakerOptions {
  readonly operation: string;
  /** The minimum time, in milliseconds, that must remain until the deadline for a 5xx to count. */
  readonly minBudgetMs: number;
  /** The deadline of a probe, in milliseconds. */
  readonly probeBudgetMs: number;
  /**
   * The maximum time, in milliseconds, that requests wait for a probe: longer than a healthy
   * upstream takes.
   */
  readonly maxProbeWaitMs: () => number;
  readonly log: Log;
}

/**
 * The circuit breaker of one operation. It counts requests, not calls, so that a batch has the weight
 * of all requests that wait for it.
 *
 * A client's deadline or disconnect never opens, closes or probes a circuit: a 5xx counts only if
 * `minBudgetMs` remained, because an upstream receives the remaining time and may stop early; an
 * abandoned call does not count; and a probe has its own deadline. docs/upstreams.md lists every
 * outcome.
 */
export function createBreaker(options: BreakerOptions) {
  const { operation, minBudgetMs, probeBudgetMs, maxProbeWaitMs, log } = options;
  let openedAt = 0;
  let countedAt = 0;
  /** Settles when the probe completes or is overdue; undefined if requests fail fast meanwhile. */
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

  /** The library drops old samples only when it records new ones. */
  function forgetOldSamples(): void {
    const now = Date.now();
    if (now - countedAt > WINDOW_MS) sampling.state = noSamples;
    countedAt = now;
  }

  function count<T>(call: CallContext, work: (call: CallContext) => Promise<T>): Promise<T> {
    forgetOldSamples();
    const hasFullBudget = call.deadline.expiresAt - performance.now() >= minBudgetMs;
    return breaker.execute(() => (hasFullBudget ? work(call) : work(call).catch(countShortBudget)));
  }

  function recordState({ access }: CallContext): void {
    if (access) access.circuit = STATE_NAMES[breaker.state];
  }

  /** Continues after the requester leaves, because the circuit needs the outcome. */
  function probe<T>(call: CallContext, work: (call: CallContext) => Promise<T>): Promise<T> {
    remainingMs(call.deadline.expiresAt);
    const isAfterIdle = performance.now() - openedAt > IDLE_AFTER_MS;
    const deadline = new RequestDeadline(probeBudgetMs);
    const probing = breaker.execute(() => {
      recordState(call);
      return work({ ...call, deadline }).catch(countProbe);
    });
    if (isProbing()) probed = isAfterIdle ? settledWithin(probing, maxProbeWaitMs()) : undefined;
    const group = new WaiterGroup<T>();
    const outcome = group.join(call);
    probing.then(
      (value) => group.resolve(value),
      (error) => group.reject(error),
    );
    return outcome;
  }

  return {
    state: () => STATE_NAMES[breaker.state],
    /** True while one call tests if the upstream has recovered. */
    isProbing,
    /**
     * @param work - runs at most once, with the call or a copy that has the deadline of a probe
     * @throws UpstreamFailure `refused` while the circuit is open; `abandoned` if the requester leaves
     */
    async run<T>(call: CallContext, work: (call: CallContext) => Promise<T>): Promise<T> {
      recordState(call);
      // After an idle period the upstream has probably recovered, so waiting for the probe pays off.
      if (isProbing() && probed) await call.deadline.wait(probed);
      if (isProbing()) throw new UpstreamFailure('refused', 'circuit open, probe in flight');
      const outcome = breaker.state === CircuitState.Closed ? count(call, work) : probe(call, work);
      return outcome.catch(toUpstreamFailure);
    },
  };
}

function countShortBudget(error: unknown): never {
  throw new BreakerVerdict(error, isIndependentOfCaller(error));
}

/**
 * A probe succeeds if the upstream responds; a 4xx that rejects the requester is a response too.
 */
function countProbe(error: unknown): never {
  throw new BreakerVerdict(error, error instanceof UpstreamFailure && !isCallerRefused(error));
}

/** Resolves when the work settles, or after the timeout. */
async function settledWithin(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  const stop = () => timer.abort();
  const timeout = sleep(timeoutMs, undefined, { ref: false, signal: timer.signal });
  await Promise.race([work.then(stop, stop), timeout]);
}

function toUpstreamFailure(error: unknown): never {
  if (error instanceof BreakerVerdict) throw error.cause;
  if (error instanceof BrokenCircuitError) throw new UpstreamFailure('refused', 'circuit open');
  throw error;
}
