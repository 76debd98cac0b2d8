import type * as Library from 'rate-limiter-flexible';
import type { SharedRedis } from '../../redis/client.ts';
import type { LocalCounters, Usage } from './local-counters.ts';
import { createIncrements } from './redis-increments.ts';

/** Adds units to the window of a rate-limit key. */
export type Spend = (key: string, units: number) => Usage | Promise<Usage>;

/** The quota and the Redis keys of a policy. */
interface Rule {
  /** Cost units per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** Prefix of the keys in Redis, without the trailing colon. */
  readonly keyPrefix: string;
}

/** Creates the counting function of a policy. */
export type Counting = (rule: Rule, counters: LocalCounters) => Spend;

/** Counts per process. */
export const countLocally: Counting = (_rule, counters) => (key, units) =>
  counters.add(key, units, performance.now());

type IncrementArguments = [key: string, units: string, seconds: string];

/**
 * Counts in Redis for all replicas; never rejects. Each process stores the last count of each key, so
 * that it continues from there while Redis is unavailable, and refuses exhausted keys without Redis.
 */
export async function createSharedCounting(redis: SharedRedis): Promise<Counting> {
  // Loaded only with Redis, because it takes time.
  const library = await import('rate-limiter-flexible');
  const increment = createIncrements(redis);
  // The part of a client that the library uses here; its own script increments one key only.
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
    return async (key, units) => {
      const { consumedPoints: used, msBeforeNext } = await consume(limiter, key, units);
      const remainingMs = Math.min(msBeforeNext, windowSeconds * 1_000);
      return counters.set(key, used, performance.now() + remainingMs);
    };
  };
}

/** The library rejects with the result if the limit is exceeded; with an insurance, never with an error. */
const consume = (limiter: Library.RateLimiterRedis, key: string, units: number) =>
  limiter.consume(key, units).catch((result: Library.RateLimiterRes) => result);

/**
 * Counts while Redis is unavailable. The library's own memory limiter takes half a kilobyte and a timer
 * for each key, without a bound, and would start from zero.
 */
function createInsurance(library: typeof Library, counters: LocalCounters) {
  return new (class extends library.RateLimiterCompatibleAbstract {
    override readonly keyPrefix = '';
    override blockDuration = 0;
    override execEvenly = false;
    override async consume(key: string, units = 1) {
      const now = performance.now();
      const { used, endsAt } = counters.add(key, units, now);
      return new library.RateLimiterRes(0, endsAt - now, used);
    }
  })();
}
