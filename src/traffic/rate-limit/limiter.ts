import { LRUCache } from 'lru-cache';
import type { SharedRedis } from '../../redis/client.ts';
import { rateLimitKeyOf } from '../ip-filter.ts';
import { LocalCounters, type Usage } from './local-counters.ts';
import {
  type Policy,
  type RateHeaders,
  refuseExhausted,
  tooCostly,
  toRateHeaders,
  toRefusal,
} from './policy.ts';
import { type Counting, countHere, createSharedCounting } from './shared-counters.ts';

const WINDOW_SECONDS = 60;
const PREFIX = 'frontdesk:rate';
/** Bytes that cost one unit: of a refused request, or of a text that is registered. */
export const BYTES_PER_UNIT = 200;
/** For what is refused before it is known what it would cost. */
const MIN_UNITS = 1;
const MAX_REMEMBERED_ADDRESSES = 10_000;
const NONE: RateHeaders = Object.freeze({});

/** Who pays for an operation. */
export interface RateLimitKeys {
  /** Where the request comes from: an IP address, as `request.ip` has it. */
  readonly address: string;
  /** Who is signed in, by issuer and subject, or the partner of an API key; undefined for nobody. */
  readonly viewer: string | undefined;
}

export interface RateLimiter {
  /**
   * Lets every payer pay for one operation, before it executes.
   * @param cost - in cost units; rounded up, and at least 1
   * @returns the answer's headers: at once without Redis, a promise with it
   * @throws BffError RATE_LIMITED if a payer has nothing left, QUERY_TOO_COMPLEX if the operation costs
   *   more than a whole window has; thrown or rejected with, so call it in an async function
   */
  readonly take: (payers: RateLimitKeys, cost: number) => RateHeaders | Promise<RateHeaders>;
  /**
   * Costs nothing, so it comes before a token is verified or a body is read; and again as soon as it
   * is known who asks.
   * @throws BffError RATE_LIMITED if this process knows that a payer has nothing left
   */
  readonly refuseExhausted: (
    payers: {
      readonly [Payer in keyof RateLimitKeys]?: RateLimitKeys[Payer] | undefined;
    },
  ) => void;
  /** Lets an address pay for what was refused for another reason: a wrong token, a malformed request. */
  readonly charge: (address: string, cost?: number) => void;
}

interface RateLimiterOptions {
  /** Cost units per window of each payer; unlimited if 0. */
  readonly limits: { readonly address: number; readonly viewer: number };
  /** Where replicas count together; each counts for itself without it. */
  readonly redis?: SharedRedis | undefined;
  /** What keys in Redis begin with. */
  readonly prefix?: string;
  /** Whole seconds with Redis. */
  readonly windowSeconds?: number;
}

/** How often clients may ask. Nothing of it fails when Redis does. */
export async function createRateLimiter(options: RateLimiterOptions): Promise<RateLimiter> {
  const counting = options.redis ? await createSharedCounting(options.redis) : countHere;
  const ofAddress = createPolicy('address', counting, options);
  const ofViewer = createPolicy('viewer', counting, options);
  const payerOf = remember(rateLimitKeyOf);

  return {
    take({ address, viewer }, cost) {
      const policies: Policy[] = [];
      const payers: string[] = [];
      if (ofAddress) {
        policies.push(ofAddress);
        payers.push(payerOf(address));
      }
      if (ofViewer && viewer !== undefined) {
        policies.push(ofViewer);
        payers.push(viewer);
      }
      return policies.length === 0 ? NONE : pay(policies, payers, toUnits(cost));
    },
    refuseExhausted({ address, viewer }) {
      const now = performance.now();
      if (ofAddress && address !== undefined) refuseExhausted(ofAddress, payerOf(address), now);
      if (ofViewer && viewer !== undefined) refuseExhausted(ofViewer, viewer, now);
    },
    charge(address, cost = MIN_UNITS) {
      void ofAddress?.spend(payerOf(address), toUnits(cost));
    },
  };
}

/** Reading an IPv6 address takes longer than all the rest. */
function remember(read: (text: string) => string): (text: string) => string {
  const known = new LRUCache<string, string>({ max: MAX_REMEMBERED_ADDRESSES });
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = read(text);
    known.set(text, made);
    return made;
  };
}

/** Who has nothing left is refused before anyone pays, without asking Redis. */
function pay(policies: readonly Policy[], payers: readonly string[], units: number) {
  const now = performance.now();
  policies.forEach((policy, n) => {
    refuseExhausted(policy, payers[n] as string, now);
  });
  const exceeded = policies.find(({ limit }) => units > limit);
  // To ask for too much is not free either.
  const due = exceeded ? MIN_UNITS : units;
  const usages = policies.map(({ spend }, n) => spend(payers[n] as string, due));
  if (exceeded) throw tooCostly(exceeded, units);
  if (areCounted(usages)) return settle(policies, usages);
  return Promise.all(usages.map(async (usage) => usage)).then((counted) =>
    settle(policies, counted),
  );
}

/** A refused operation has used up what was left, so that its payer is known to be exhausted. */
function settle(policies: readonly Policy[], usages: readonly Usage[]): RateHeaders {
  const now = performance.now();
  for (const [n, policy] of policies.entries()) {
    const usage = usages[n] as Usage;
    if (usage.used > policy.limit) throw toRefusal(policy, usage, now);
  }
  return toRateHeaders(policies, usages, now);
}

const areCounted = (usages: readonly (Usage | Promise<Usage>)[]): usages is readonly Usage[] =>
  usages.every((usage) => !(usage instanceof Promise));

/** What is no number counts as 1. */
const toUnits = (cost: number): number => (cost > MIN_UNITS ? Math.ceil(cost) : MIN_UNITS);

/** @returns undefined where there is no limit */
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
