import { LRUCache } from 'lru-cache';
import type { SharedRedis } from '../../redis/client.ts';
import { rateLimitKeyOf } from '../ip-filter.ts';
import { LocalCounters, type Usage } from './local-counters.ts';
import {
  type Policy,
  type RateHeaders,
  rateLimitError,
  refuseExhausted,
  toRateHeaders,
  unaffordableError,
} from './policy.ts';
import { type Counting, countLocally, createSharedCounting } from './shared-counters.ts';

const WINDOW_SECONDS = 60;
const PREFIX = 'frontdesk:rate';
/** Bytes that cost one unit: of a refused request, or of a text that is registered. */
export const BYTES_PER_UNIT = 200;
/** The charge for a request that is refused before its cost is known. */
const MIN_UNITS = 1;
const MAX_REMEMBERED_ADDRESSES = 10_000;
const NO_HEADERS: RateHeaders = Object.freeze({});

/** The keys that an operation is charged to. */
export interface RateLimitKeys {
  /** The client's IP address, the value of `request.ip`. */
  readonly address: string;
  /** Issuer and subject of a signed-in user, or the partner of an API key; undefined if anonymous. */
  readonly viewer: string | undefined;
}

export interface RateLimiter {
  /**
   * Charges an operation to every key, before it executes.
   * @param cost - in cost units; rounded up, and at least 1
   * @returns the response headers; a promise of them with Redis
   * @throws BffError RATE_LIMITED if a key is exhausted, QUERY_TOO_COMPLEX if the operation costs more
   *   than a whole window; thrown or rejected, so call it in an async function
   */
  readonly take: (keys: RateLimitKeys, cost: number) => RateHeaders | Promise<RateHeaders>;
  /**
   * Refuses exhausted keys without charging them: before a token is verified or a body is read, and
   * again once the viewer is known.
   * @throws BffError RATE_LIMITED if this process knows that a key is exhausted
   */
  readonly refuseExhausted: (
    keys: {
      readonly [Name in keyof RateLimitKeys]?: RateLimitKeys[Name] | undefined;
    },
  ) => void;
  /** Charges an address for a request refused for another reason: a wrong token, a malformed request. */
  readonly charge: (address: string, cost?: number) => void;
}

interface RateLimiterOptions {
  /** Cost units per window of each key; unlimited if 0. */
  readonly limits: { readonly address: number; readonly viewer: number };
  /** Shares the counts among replicas; without it each process counts alone. */
  readonly redis?: SharedRedis | undefined;
  /** Prefix of the keys in Redis. */
  readonly prefix?: string;
  /** An integer with Redis. */
  readonly windowSeconds?: number;
}

/** Creates the rate limiter, which continues per process while Redis is unavailable. */
export async function createRateLimiter(options: RateLimiterOptions): Promise<RateLimiter> {
  const counting = options.redis ? await createSharedCounting(options.redis) : countLocally;
  const addressPolicy = createPolicy('address', counting, options);
  const viewerPolicy = createPolicy('viewer', counting, options);
  const keyOf = memoize(rateLimitKeyOf);

  return {
    take({ address, viewer }, cost) {
      const policies: Policy[] = [];
      const keys: string[] = [];
      if (addressPolicy) {
        policies.push(addressPolicy);
        keys.push(keyOf(address));
      }
      if (viewerPolicy && viewer !== undefined) {
        policies.push(viewerPolicy);
        keys.push(viewer);
      }
      return policies.length === 0 ? NO_HEADERS : chargeAll(policies, keys, toUnits(cost));
    },
    refuseExhausted({ address, viewer }) {
      const now = performance.now();
      if (addressPolicy && address !== undefined)
        refuseExhausted(addressPolicy, keyOf(address), now);
      if (viewerPolicy && viewer !== undefined) refuseExhausted(viewerPolicy, viewer, now);
    },
    charge(address, cost = MIN_UNITS) {
      void addressPolicy?.spend(keyOf(address), toUnits(cost));
    },
  };
}

/** Caches results: parsing an IPv6 address takes longer than everything else here. */
function memoize(read: (text: string) => string): (text: string) => string {
  const known = new LRUCache<string, string>({ max: MAX_REMEMBERED_ADDRESSES });
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const result = read(text);
    known.set(text, result);
    return result;
  };
}

/** Refuses exhausted keys before any key is charged, without calling Redis. */
function chargeAll(policies: readonly Policy[], keys: readonly string[], units: number) {
  const now = performance.now();
  policies.forEach((policy, n) => {
    refuseExhausted(policy, keys[n] as string, now);
  });
  const exceeded = policies.find(({ limit }) => units > limit);
  // Requests that are too expensive are charged too.
  const charged = exceeded ? MIN_UNITS : units;
  const usages = policies.map(({ spend }, n) => spend(keys[n] as string, charged));
  if (exceeded) throw unaffordableError(exceeded, units);
  if (areCounted(usages)) return settle(policies, usages);
  return Promise.all(usages.map(async (usage) => usage)).then((counted) =>
    settle(policies, counted),
  );
}

/** A refused operation uses up the rest of the window, so that its key counts as exhausted. */
function settle(policies: readonly Policy[], usages: readonly Usage[]): RateHeaders {
  const now = performance.now();
  for (const [n, policy] of policies.entries()) {
    const usage = usages[n] as Usage;
    if (usage.used > policy.limit) throw rateLimitError(policy, usage, now);
  }
  return toRateHeaders(policies, usages, now);
}

const areCounted = (usages: readonly (Usage | Promise<Usage>)[]): usages is readonly Usage[] =>
  usages.every((usage) => !(usage instanceof Promise));

/** NaN counts as 1. */
const toUnits = (cost: number): number => (cost > MIN_UNITS ? Math.ceil(cost) : MIN_UNITS);

/** @returns undefined if there is no limit */
function createPolicy(
  name: Policy['name'],
  counting: Counting,
  { limits, prefix = PREFIX, windowSeconds = WINDOW_SECONDS }: RateLimiterOptions,
): Policy | undefined {
  const limit = limits[name];
  if (limit === 0) return undefined;
  const counters = new LocalCounters(windowSeconds * 1_000);
  const spend = counting({ limit, windowSeconds, keyPrefix: `${prefix}:${name}` }, counters);
  return { name, limit, windowSeconds, counters, spend };
}
