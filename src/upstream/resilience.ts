import {
  BulkheadRejectedError,
  bulkhead,
  ExponentialBackoff,
  handleWhen,
  type IRetryContext,
  retry,
  TaskCancelledError,
} from 'cockatiel';
import { isWorthARetry, UpstreamFailure } from './errors.ts';

const MOST_RETRIES = 2;
const RETRY_SHARE = 0.1;
const MOST_SAVED = 10;
const BACKOFF = { initialDelay: 20, maxDelay: 200 };
const AT_ONCE = 64;
const QUEUED = 256;

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

/** A retry that there was no budget for; its cause is the error that there was. */
class Unaffordable extends Error {}

/**
 * The bulkhead of one upstream: so many calls at once, and so many that wait for their turn.
 * @returns how idempotent reads go through it, retried with jitter and within the budget, and how
 *   writes do, once
 */
export function createPassage(budget: RetryBudget) {
  const gate = bulkhead(AT_ONCE, QUEUED);
  const backoff = new ExponentialBackoff(BACKOFF);

  return {
    /** @param mayRetry - whether an error that is worth a retry may have one */
    async read<T>(
      attempt: Attempt<T>,
      signal: AbortSignal,
      mayRetry: (error: unknown) => boolean = () => true,
    ): Promise<T> {
      budget.earn();
      let last: unknown;
      const send = async ({ attempt: retries }: IRetryContext) => {
        if (retries > 0 && !budget.spend(1)) throw new Unaffordable('', { cause: last });
        try {
          return await gate.execute(attempt, signal);
        } catch (error) {
          last = error;
          throw error;
        }
      };
      const isRetried = (error: unknown) =>
        isWorthARetry(error) && mayRetry(error) && budget.has(1);
      const again = retry(handleWhen(isRetried), { maxAttempts: MOST_RETRIES, backoff });
      return again.execute(send, signal).catch(explain);
    },
    async write<T>(attempt: Attempt<T>): Promise<T> {
      return gate.execute(attempt).catch(explain);
    },
  };
}

export type Passage = ReturnType<typeof createPassage>;

function explain(error: unknown): never {
  if (error instanceof Unaffordable) throw error.cause;
  if (error instanceof BulkheadRejectedError) throw new UpstreamFailure('refused', 'bulkhead full');
  if (error instanceof TaskCancelledError) throw new UpstreamFailure('abandoned', 'nobody waits');
  throw error;
}
