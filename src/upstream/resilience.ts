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
const MAX_BALANCE = 10;
const BACKOFF = { initialDelay: 20, maxDelay: 200 };
const MAX_CONCURRENT = 64;
const MAX_QUEUED = 256;

/**
 * What may be sent again: a tenth of what is sent. Without a budget, retries turn an upstream's
 * trouble into a multiple of its load.
 */
export class RetryBudget {
  #balance = 1;

  deposit(): void {
    this.#balance = Math.min(MAX_BALANCE, this.#balance + RETRY_RATIO);
  }

  /** Whether there is so much to spend. */
  canSpend(calls: number): boolean {
    return this.#balance >= calls;
  }

  /** @returns whether there was so much to spend */
  spend(calls: number): boolean {
    if (!this.canSpend(calls)) return false;
    this.#balance -= calls;
    return true;
  }
}

type Attempt<T> = () => Promise<T>;

/** A retry that there was no budget for; its cause is the error that there was. */
class RetryBudgetExhausted extends Error {}

/**
 * The bulkhead of one upstream: so many calls at once, and so many that wait for their turn.
 * @returns how idempotent reads go through it, retried with jitter and within the budget, and how
 *   writes do, once
 */
export function createCallPolicy(budget: RetryBudget) {
  const gate = bulkhead(MAX_CONCURRENT, MAX_QUEUED);
  const backoff = new ExponentialBackoff(BACKOFF);

  return {
    /** @param mayRetry - whether an error that is worth a retry may have one */
    async read<T>(
      attempt: Attempt<T>,
      signal: AbortSignal,
      mayRetry: (error: unknown) => boolean = () => true,
    ): Promise<T> {
      budget.deposit();
      let last: unknown;
      const send = async ({ attempt: retries }: IRetryContext) => {
        if (retries > 0 && !budget.spend(1)) throw new RetryBudgetExhausted('', { cause: last });
        try {
          return await gate.execute(attempt, signal);
        } catch (error) {
          last = error;
          throw error;
        }
      };
      const isRetried = (error: unknown) =>
        isRetryable(error) && mayRetry(error) && budget.canSpend(1);
      const again = retry(handleWhen(isRetried), { maxAttempts: MAX_RETRIES, backoff });
      return again.execute(send, signal).catch(explain);
    },
    async write<T>(attempt: Attempt<T>): Promise<T> {
      return gate.execute(attempt).catch(explain);
    },
  };
}

export type CallPolicy = ReturnType<typeof createCallPolicy>;

function explain(error: unknown): never {
  if (error instanceof RetryBudgetExhausted) throw error.cause;
  if (error instanceof BulkheadRejectedError) throw new UpstreamFailure('refused', 'bulkhead full');
  if (error instanceof TaskCancelledError) throw new UpstreamFailure('abandoned', 'nobody waits');
  throw error;
}
