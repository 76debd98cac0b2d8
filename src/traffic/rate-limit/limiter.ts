import { LRUCache } from 'lru-cache';
import type { MaybePromise } from '../../maybe-promise.ts';
import type { SharedRedis } from '../../redis/client.ts';
import { rateLimitKeyOf } from '../ip-filter.ts';
import { LocalCounters, type Usage } from './local-counters.ts';
import {
  formatQuota,
  joinRateHeaders,
  type Policy,
  type RateHeaders,
  rateLimitError,
  toRateHeaders,
  unaffordableError,
} from './policy.ts';
import { createRedisCounter } from './redis-counter.ts';
import { createSharedCharges } from './shared-charges.ts';
import type { SharedCounter } from './shared-counter.ts';

const WINDOW_SECONDS = 60;
const PREFIX = 'frontdesk:rate';
/** Bytes that cost one unit: of a refused request, or of a text that is registered. */
export const BYTES_PER_UNIT = 200;
/** The charge for a request that is refused before its cost is known. */
const MIN_UNITS = 1;
const MAX_REMEMBERED_ADDRESSES = 10_000;
const MAX_REMEMBERED_LIMITS = 1_000;
const NO_HEADERS: RateHeaders = Object.freeze({});

/** The keys that an operation is charged to. */
export interface RateLimitKeys {
  /** The client's IP address, the value of `request.ip`. */
  readonly address: string;
  /** Of `viewerKeyOf`; undefined if anonymous. */
  readonly viewer: string | undefined;
  /** The viewer's own limit, in cost units per window, instead of the configured one. */
  readonly viewerLimit?: number | undefined;
}

/** Those that are known so far. */
type KnownKeys = { readonly [Name in keyof RateLimitKeys]?: RateLimitKeys[Name] | undefined };

export interface RateLimiter {
  /**
   * Charges an operation to every key, before it executes.
   * @param cost - in cost units; rounded up, and at least 1
   * @returns the response headers; a promise of them if a shared counter has to be asked first
   * @throws BffError RATE_LIMITED if a key is exhausted, QUERY_TOO_COMPLEX if the operation costs more
   *   than a whole window; thrown, or rejected if it has to wait
   */
  readonly take: (keys: RateLimitKeys, cost: number) => MaybePromise<RateHeaders>;
  /**
   * Refuses exhausted keys without charging them: before a token is verified or a body is read, and
   * again once the viewer is known.
   * @throws BffError RATE_LIMITED if this process knows that a key is exhausted
   */
  readonly refuseExhausted: (keys: KnownKeys) => void;
  /** Charges an address for a request refused for another reason: a wrong token, a malformed request. */
  readonly charge: (address: string, cost?: number) => void;
  /** Charges a viewer one unit for a request refused because of its own restrictions. */
  readonly chargeViewer: (keys: Omit<RateLimitKeys, 'address'>) => void;
  /** Sends the shared counter what it has not got yet. Never rejects. */
  readonly flush: () => Promise<void>;
}

interface RateLimiterOptions {
  /** Cost units per window of each key; unlimited if 0. */
  readonly limits: { readonly address: number; readonly viewer: number };
  /** Shares the counts among replicas. */
  readonly redis?: SharedRedis | undefined;
  /** Shares the counts without Redis, among the workers of one replica. */
  readonly counter?: SharedCounter | undefined;
  /** Prefix of the keys in Redis; BFFs that share one count apart. */
  readonly prefix?: string;
  readonly windowSeconds?: number;
}

/** A rate-limit key and the policy that limits it. */
interface Charge {
  readonly policy: Policy;
  readonly key: string;
}

/** Creates the rate limiter, which continues per process while the shared counter is unavailable. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { limits, redis, prefix = PREFIX, windowSeconds = WINDOW_SECONDS } = options;
  const counter = redis ? createRedisCounter(redis, prefix) : options.counter;
  const shared = counter && createSharedCharges(counter);
  const toAddressPolicy = createPolicies('address', windowSeconds, shared);
  const toViewerPolicy = createPolicies('viewer', windowSeconds, shared);
  const addressPolicy = limits.address > 0 ? toAddressPolicy(limits.address) : undefined;
  const viewerPolicy = limits.viewer > 0 ? toViewerPolicy(limits.viewer) : undefined;
  const ownPolicies = new LRUCache<number, Policy>({
    max: MAX_REMEMBERED_LIMITS,
    memoMethod: toViewerPolicy,
  });
  // Parsing an IPv6 address takes longer than everything else here.
  const addressKeys = new LRUCache<string, string>({
    // With `max`, all of its memory is allocated at once.
    maxSize: MAX_REMEMBERED_ADDRESSES,
    sizeCalculation: () => 1,
    memoMethod: rateLimitKeyOf,
  });

  const viewerPolicyFor = (limit: number | undefined): Policy | undefined =>
    limit === undefined ? viewerPolicy : ownPolicies.memo(limit);

  function chargesFor({ address, viewer, viewerLimit }: RateLimitKeys): Charge[] {
    const charges: Charge[] = [];
    if (addressPolicy) charges.push({ policy: addressPolicy, key: addressKeys.memo(address) });
    const policy = viewer === undefined ? undefined : viewerPolicyFor(viewerLimit);
    if (policy && viewer !== undefined) charges.push({ policy, key: viewer });
    return charges;
  }

  return {
    take(keys, cost) {
      const charges = chargesFor(keys);
      if (charges.length === 0) return NO_HEADERS;
      const now = performance.now();
      for (const { policy, key } of charges) refuseIfExhausted(policy, key, now);
      const units = toUnits(cost);
      const exceeded = charges.find(({ policy }) => units > policy.limit);
      // Requests that are too expensive are charged too.
      const charged = exceeded ? MIN_UNITS : units;
      const usages = charges.map(({ policy, key }) =>
        policy.spend(key, charged, now, policy.limit),
      );
      if (exceeded) throw unaffordableError(exceeded.policy, units);
      if (areCounted(usages)) return settle(charges, usages, now);
      return Promise.all(usages.map(async (usage) => usage)).then((counted) =>
        settle(charges, counted, performance.now()),
      );
    },
    refuseExhausted({ address, viewer, viewerLimit }) {
      if (addressPolicy && address !== undefined)
        refuseIfExhausted(addressPolicy, addressKeys.memo(address));
      if (viewer === undefined) return;
      const policy = viewerPolicyFor(viewerLimit);
      if (policy) refuseIfExhausted(policy, viewer);
    },
    charge(address, cost = MIN_UNITS) {
      if (!addressPolicy) return;
      const { limit, spend } = addressPolicy;
      void spend(addressKeys.memo(address), toUnits(cost), performance.now(), limit);
    },
    chargeViewer({ viewer, viewerLimit }) {
      const policy = viewer === undefined ? undefined : viewerPolicyFor(viewerLimit);
      if (!policy || viewer === undefined) return;
      void policy.spend(viewer, MIN_UNITS, performance.now(), policy.limit);
    },
    flush: async () => shared?.flush(),
  };
}

/** Refuses a key that this process knows to be exhausted, without asking the shared counter. */
function refuseIfExhausted(policy: Policy, key: string, now = performance.now()): void {
  const usage = policy.counters.get(key, now);
  if (usage && usage.used >= policy.limit) throw rateLimitError(policy, usage, now);
}

/**
 * Returns the headers, or throws if a limit is exceeded. The units of a refused operation stay charged,
 * so that its key counts as exhausted.
 */
function settle(charges: readonly Charge[], usages: readonly Usage[], now: number): RateHeaders {
  return charges
    .map(({ policy }, n) => {
      const usage = usages[n] as Usage;
      if (usage.used > policy.limit) throw rateLimitError(policy, usage, now);
      return toRateHeaders(policy, usage, now);
    })
    .reduce(joinRateHeaders);
}

const areCounted = (usages: readonly (Usage | Promise<Usage>)[]): usages is readonly Usage[] =>
  usages.every((usage) => !(usage instanceof Promise));

/** NaN counts as 1. */
const toUnits = (cost: number): number => (cost > MIN_UNITS ? Math.ceil(cost) : MIN_UNITS);

/**
 * Creates the policies of one kind, by their limits. They share the last count of each key in this
 * process: it continues from there while the shared counter is unavailable, refuses exhausted keys
 * without asking it, and a key whose limit changes keeps its count.
 */
function createPolicies(
  name: Policy['name'],
  windowSeconds: number,
  shared: ReturnType<typeof createSharedCharges> | undefined,
): (limit: number) => Policy {
  const windowMs = windowSeconds * 1_000;
  const counters = new LocalCounters(windowMs);
  const spend: Policy['spend'] = shared
    ? shared.createSpend({ name, counters, windowMs })
    : (key, units, now) => counters.add(key, units, now);
  return (limit) => ({
    name,
    limit,
    windowSeconds,
    quota: formatQuota(name, limit, windowSeconds),
    counters,
    spend,
  });
}
