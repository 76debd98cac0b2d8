import type * as Library from 'rate-limiter-flexible';
import type { SharedRedis } from '../../redis/client.ts';
import type { LocalCounters, Usage } from './local-counters.ts';
import { createIncrements } from './redis-increments.ts';

/** Adds to what a payer has used of its window. */
export type Spend = (payer: string, units: number) => Usage | Promise<Usage>;

/** What is counted by. */
interface Rule {
  /** Cost units per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** What its keys begin with, but for a colon. */
  readonly keyPrefix: string;
}

/** How the payers of a policy spend. */
export type Counting = (rule: Rule, counters: LocalCounters) => Spend;

/** Each process counts for itself. */
export const countHere: Counting = (_rule, counters) => (payer, units) =>
  counters.add(payer, units, performance.now());

type IncrementArguments = [key: string, units: string, seconds: string];

/**
 * Redis counts for all replicas; spending never rejects. Each process remembers what it heard last, so
 * that it goes on from there when Redis does not answer, and need not ask about who has nothing left.
 */
export async function createSharedCounting(redis: SharedRedis): Promise<Counting> {
  // Loading takes time, which those without Redis need not spend.
  const library = await import('rate-limiter-flexible');
  const increment = createIncrements(redis);
  // All of a client that the library uses for this; its own script is for one key.
  const storeClient = {
    rlflxIncr: ([key, units, seconds]: IncrementArguments) => increment(key, units, seconds),
  };

  return ({ limit, windowSeconds, keyPrefix }, counters) => {
    const limiter = new library.RateLimiterRedis({
      storeClient,
      keyPrefix,
      points: limit,
      duration: windowSeconds,
      insuranceLimiter: createInsurance(library, counters),
    });
    return async (payer, units) => {
      const { consumedPoints: used, msBeforeNext } = await consume(limiter, payer, units);
      const leftMs = Math.min(msBeforeNext, windowSeconds * 1_000);
      return counters.set(payer, used, performance.now() + leftMs);
    };
  };
}

/** The library rejects with the result where the limit is exceeded; never with an error, being insured. */
const consume = (limiter: Library.RateLimiterRedis, payer: string, units: number) =>
  limiter.consume(payer, units).catch((result: Library.RateLimiterRes) => result);

/**
 * Counts while Redis does not. The library's own memory limiter takes half a kilobyte and a timer for
 * each payer, however many there are, and would begin from nothing.
 */
function createInsurance(library: typeof Library, counters: LocalCounters) {
  return new (class extends library.RateLimiterCompatibleAbstract {
    override readonly keyPrefix = '';
    override blockDuration = 0;
    override execEvenly = false;
    override async consume(payer: string, units = 1) {
      const now = performance.now();
      const { used, endsAt } = counters.add(payer, units, now);
      return new library.RateLimiterRes(0, endsAt - now, used);
    }
  })();
}
