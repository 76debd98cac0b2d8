import {
  BulkheadRejectedError,
  bulkhead,
  ExponentialBackoff,
  handleWhen,
  type IRetryContext,
  retry,
  TaskCancelledError,
} from 'cockatiel';
import { isRetryable, UpstreamFailure } from './errors.ts';

const MAX_RETRIES = 2;
const RETRY_RATIO = 0.1;
const MAX_RETRY_BALANCE = 10;
const BACKOFF_MS = { initialDelay: 20, maxDelay: 200 };
const MAX_CONCURRENT = 64;
const MAX_QUEUED = 256;

/**
 * The retry budget of one upstream: a tenth of its calls. Without a budget, retries multiply the load of
 * an upstream that already fails.
 */
export class RetryBudget {
  #balance = 1;

  deposit(): void {
    this.#balance = Math.min(MAX_RETRY_BALANCE, this.#balance + RETRY_RATIO);
  }

  /** True if the budget covers this many calls. */
  canSpend(calls: number): boolean {
    return this.#balance >= calls;
  }

  /** @returns false, and spends nothing, if the budget does not cover this many calls */
  spend(calls: number): boolean {
    if (!this.canSpend(calls)) return false;
    this.#balance -= calls;
    return true;
  }
}

/** @param retries - the number of attempts before this one */
type Attempt<T> = (retries: number) => Promise<T>;

/** A failure after which the attempts end; the cause is the last attempt's error. */
class NotRetried extends Error {}

/**
 * The bulkhead and retries of one upstream: a maximum of concurrent and of queued calls.
 * @param onRetry - called before each attempt after the first one
 * @returns `read`, which retries with jitter within the budget, and `write`, which sends once
 */
export function createCallPolicy(budget: RetryBudget, onRetry: () => void = () => {}) {
  const limiter = bulkhead(MAX_CONCURRENT, MAX_QUEUED);
  const retryPolicy = retry(
    handleWhen((error) => !(error instanceof NotRetried)),
    { maxAttempts: MAX_RETRIES, backoff: new ExponentialBackoff(BACKOFF_MS) },
  );

  return {
    /** @param mayRetry - vetoes the retry of a retryable error */
    async read<T>(
      attempt: Attempt<T>,
      signal: AbortSignal,
      mayRetry: (error: unknown) => boolean = () => true,
    ): Promise<T> {
      budget.deposit();
      let lastError: unknown;
      const send = async ({ attempt: retries }: IRetryContext) => {
        if (retries > 0 && !budget.spend(1)) throw new NotRetried('', { cause: lastError });
        if (retries > 0) onRetry();
        try {
          return await limiter.execute(() => attempt(retries), signal);
        } catch (error) {
          lastError = error;
          if (isRetryable(error) && mayRetry(error) && budget.canSpend(1)) throw error;
          throw new NotRetried('', { cause: error });
        }
      };
      return retryPolicy.execute(send, signal).catch(toUpstreamFailure);
    },
    /** @param signal - aborted when nobody waits, which cancels a queued call */
    async write<T>(attempt: Attempt<T>, signal?: AbortSignal): Promise<T> {
      return limiter.execute(() => attempt(0), signal).catch(toUpstreamFailure);
    },
  };
}

export type CallPolicy = ReturnType<typeof createCallPolicy>;

function toUpstreamFailure(error: unknown): never {
  const reason = error instanceof NotRetried ? error.cause : error;
  if (reason instanceof BulkheadRejectedError) {
    throw new UpstreamFailure('refused', 'bulkhead full');
  }
  if (reason instanceof TaskCancelledError) {
    throw new UpstreamFailure('abandoned', 'no request waits');
  }
  throw reason;
}
