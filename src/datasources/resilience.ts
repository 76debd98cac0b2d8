import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  type IRetryContext,
  retry,
  SamplingBreaker,
  TaskCancelledError,
} from 'cockatiel';
import type { Log } from '../telemetry/log.ts';
import type { Call } from './call.ts';
import { isAbandoned, isTrouble, isWorthARetry, UpstreamFailure } from './failure.ts';

const MOST_RETRIES = 2;
const RETRY_SHARE = 0.1;
const MOST_SAVED = 10;
const BACKOFF = { initialDelay: 20, maxDelay: 200 };
const AT_ONCE = 64;
const QUEUED = 256;
const FAILURE_SHARE = 0.5;
const WINDOW_MS = 5_000;
/** At least 20 callers in a window, so that a few failures of a quiet hour open nothing. */
const LEAST_PER_SECOND = 4;
const OPEN_MS = 1_000;

/**
 * What may be sent again: a tenth of what is sent. Without a budget, retries turn an upstream's
 * trouble into a multiple of its load.
 */
export class RetryBudget {
  #saved = 1;

  earn(): void {
    this.#saved = Math.min(MOST_SAVED, this.#saved + RETRY_SHARE);
  }

  /** Whether there is so much to spend. */
  has(calls: number): boolean {
    return this.#saved >= calls;
  }

  /** @returns whether there was so much to spend */
  spend(calls: number): boolean {
    if (!this.has(calls)) return false;
    this.#saved -= calls;
    return true;
  }
}

type Attempt<T> = () => Promise<T>;

/**
 * The bulkhead of one upstream: so many calls at once, and so many that wait for their turn.
 * @returns how idempotent reads go through it, retried with jitter and within the budget, and how
 *   writes do, once
 */
export function createPassage(budget: RetryBudget) {
  const gate = bulkhead(AT_ONCE, QUEUED);
  const again = retry(
    handleWhen((error) => isWorthARetry(error) && budget.has(1)),
    { maxAttempts: MOST_RETRIES, backoff: new ExponentialBackoff(BACKOFF) },
  );

  return {
    async read<T>(attempt: Attempt<T>, signal: AbortSignal): Promise<T> {
      budget.earn();
      const send = (context: IRetryContext) => {
        if (context.attempt > 0) budget.spend(1);
        return gate.execute(attempt, signal);
      };
      return again.execute(send, signal).catch(explain);
    },
    async write<T>(attempt: Attempt<T>): Promise<T> {
      return gate.execute(attempt).catch(explain);
    },
  };
}

/**
 * The circuit breaker of one operation. It counts callers, not calls, so that a batch weighs as
 * much as those who waited for it.
 */
export function createBreaker(operation: string, log: Log) {
  const breaker = circuitBreaker(
    // A probe that nobody waited for proves nothing, and must not close the circuit.
    handleWhen((error) => isTrouble(error) || (isAbandoned(error) && isProbing())),
    {
      halfOpenAfter: OPEN_MS,
      breaker: new SamplingBreaker({
        threshold: FAILURE_SHARE,
        duration: WINDOW_MS,
        minimumRps: LEAST_PER_SECOND,
      }),
    },
  );
  const isProbing = () => breaker.state === CircuitState.HalfOpen;
  breaker.onBreak(() => log.warn({ operation }, 'circuit open'));
  breaker.onReset(() => log.info({ operation }, 'circuit closed'));

  /** @throws UpstreamFailure `refused` while the circuit is open */
  return async <T>(work: () => Promise<T>, { lifetime }: Call): Promise<T> => {
    const outcome = breaker.execute(work).catch(explain);
    // While the circuit is probed, cockatiel holds others back, and knows no deadlines.
    return isProbing() ? lifetime.wait(outcome) : outcome;
  };
}

function explain(error: unknown): never {
  if (error instanceof BrokenCircuitError) throw new UpstreamFailure('refused', 'circuit open');
  if (error instanceof BulkheadRejectedError) throw new UpstreamFailure('refused', 'bulkhead full');
  if (error instanceof TaskCancelledError) throw new UpstreamFailure('abandoned', 'nobody waits');
  throw error;
}
