/**
 * A fleet of 1 to 1,000 replicas under the same load per replica: what memory, Redis and executions have to
 * do, in normal operation and when Redis restarts empty.
 *
 * Keys are independent of each other (simulate-key.ts), so each is simulated alone and the counts are
 * added. All public keys are simulated; of the users, every n-th, which stands for n. Times between events
 * come from a generator with a seed, so a run always gives the same results.
 */
import { Counts } from './counts.ts';
import { type Fleet, type KeyLoad, simulateKey } from './simulate-key.ts';

export const SEED = 20_261_130;
export const SIZES = [1, 3, 10, 30, 100, 300, 1_000];

/** The load of the worked example in docs/scaling.md. */
export const LOAD = {
  requestsPerReplica: 1_000,
  /** Of the requests; the others are public. */
  privateShare: 0.2,
  publicKeys: 10_000,
  publicZipf: 1,
  publicTtlSeconds: 60,
  /** From one change of a public key to the next. */
  publicChangeSeconds: 600,
  usersPerReplica: 12_000,
  usersZipf: 0.5,
  privateTtlSeconds: 30,
  /** Changes of a user's data, per request of the user. */
  writesPerPrivateRequest: 0.05,
  tagsPerWrite: 3,
  /** The mutation, and the event of the service that it has changed. */
  purgesPerWrite: 2,
} as const;

/** Purged tags whose versions are kept (src/cache/replicas). */
const MAX_TAGS = 100_000;
const MAX_SAMPLED_USERS = 12_000;
const MEASURED = [60, 120] as const;
const REDIS_LOST_AT = 120;
const REDIS_BACK_AT = 130;
const ENDS_AT = 190;
/** The interval in which the rush to the hottest key is counted, in seconds. */
const RUSH_SECONDS = 0.1;

/** What differs from the product. */
export interface Variant {
  readonly maxTags?: number;
  readonly hidesRedis?: boolean;
}

export type SimulationResult = ReturnType<typeof simulateFleet>;

export function simulateFleet(replicas: number, variant: Variant = {}) {
  const writesPerSecond =
    LOAD.requestsPerReplica * replicas * LOAD.privateShare * LOAD.writesPerPrivateRequest;
  const changesPerSecond = LOAD.publicKeys / LOAD.publicChangeSeconds;
  const tagsPerSecond = (writesPerSecond + changesPerSecond) * LOAD.tagsPerWrite;
  const fleet: Fleet = {
    replicas,
    maxAgeSeconds: (variant.maxTags ?? MAX_TAGS) / tagsPerSecond,
    hidesRedis: variant.hidesRedis ?? false,
    redisLostAt: REDIS_LOST_AT,
    redisBackAt: REDIS_BACK_AT,
    endsAt: ENDS_AT,
    random: createRandom(SEED + replicas),
  };
  const purges = writesPerSecond * LOAD.purgesPerWrite + changesPerSecond;
  const publicKeys = publicKeysOf(replicas);
  const publicCounts = new Counts(ENDS_AT, 1, MEASURED);
  for (const key of publicKeys) simulateKey(key, fleet, publicCounts);
  const privateCounts = new Counts(ENDS_AT, 1, MEASURED);
  for (const key of usersOf(replicas)) simulateKey(key, fleet, privateCounts);

  const both = [publicCounts, privateCounts];
  const perSecond = (kind: 'gets' | 'sets' | 'executions') =>
    round(both.reduce((sum, counts) => sum + counts.mean(kind), 0));
  const series = (kind: 'gets' | 'executions') =>
    sumOf(both.map((counts) => counts.perSecond(kind, REDIS_LOST_AT - 10, ENDS_AT)));
  return {
    replicas,
    maxAgeSeconds: round(fleet.maxAgeSeconds),
    public: sharesOf(publicCounts),
    private: sharesOf(privateCounts),
    perSecond: {
      requests: LOAD.requestsPerReplica * replicas,
      gets: perSecond('gets'),
      sets: perSecond('sets'),
      executions: perSecond('executions'),
      purges: round(purges),
      purgeMessages: round(purges * replicas),
    },
    entriesPerReplica: round(both.reduce((sum, { meanCopies }) => sum + meanCopies, 0) / replicas),
    /** Of all replicas, from 10 s before Redis is lost; it is back after 10 s. */
    restart: { executions: series('executions'), gets: series('gets') },
    hottestKey: simulateHottestKey(publicKeys[0] as KeyLoad, fleet),
  };
}

/** The shares of requests by where their responses come from. */
function sharesOf(counts: Counts) {
  const numbers = {
    memory: counts.meanHits,
    redis: counts.mean('redisHits'),
    executed: counts.mean('executions'),
    waited: counts.mean('followers'),
  };
  const sum = Object.values(numbers).reduce((total, number) => total + number, 0);
  return {
    memory: round(numbers.memory / sum, 4),
    redis: round(numbers.redis / sum, 4),
    executed: round(numbers.executed / sum, 4),
    waited: round(numbers.waited / sum, 4),
  };
}

/** The most requested key: what one purge causes, and what the return of an empty Redis does. */
function simulateHottestKey(key: KeyLoad, fleet: Fleet) {
  const restart = new Counts(ENDS_AT, RUSH_SECONDS, MEASURED);
  simulateKey({ ...key, purgesPerSecond: 0 }, fleet, restart);
  const rush = (kind: 'gets' | 'executions') =>
    round(Math.max(...restart.perSecond(kind, REDIS_BACK_AT, REDIS_BACK_AT + 1)) * RUSH_SECONDS);

  const purged = new Counts(ENDS_AT, 1, [0, ENDS_AT]);
  const undisturbed = { redisLostAt: Infinity, redisBackAt: Infinity, maxAgeSeconds: Infinity };
  const load = { ...key, purgesPerSecond: 0.1, ttlSeconds: ENDS_AT * 10 };
  simulateKey(load, { ...fleet, ...undisturbed }, purged);
  // The first request to each replica is like one after a purge.
  const purges = purged.mean('purges') + 1 / ENDS_AT;
  const perPurge = (kind: 'gets' | 'executions') => round(purged.mean(kind) / purges);
  return {
    requestsPerSecond: round(key.rate),
    perPurge: { executions: perPurge('executions'), gets: perPurge('gets') },
    /** In the tenth of a second with the most. */
    afterRestart: { executions: rush('executions'), gets: rush('gets') },
  };
}

function publicKeysOf(replicas: number): readonly KeyLoad[] {
  const total = LOAD.requestsPerReplica * replicas * (1 - LOAD.privateShare);
  const ranks = Array.from({ length: LOAD.publicKeys }, (_, n) => n + 1);
  return zipf(ranks, LOAD.publicZipf).map((share) => ({
    rate: total * share,
    purgesPerSecond: 1 / LOAD.publicChangeSeconds,
    ttlSeconds: LOAD.publicTtlSeconds,
    weight: 1,
  }));
}

function usersOf(replicas: number): readonly KeyLoad[] {
  const total = LOAD.requestsPerReplica * replicas * LOAD.privateShare;
  const users = LOAD.usersPerReplica * replicas;
  const weight = Math.ceil(users / MAX_SAMPLED_USERS);
  const ranks = Array.from({ length: users / weight }, (_, n) => (n + 0.5) * weight);
  return zipf(ranks, LOAD.usersZipf).map((share) => {
    const rate = (total * share) / weight;
    const purgesPerSecond = rate * LOAD.writesPerPrivateRequest;
    return { rate, purgesPerSecond, ttlSeconds: LOAD.privateTtlSeconds, weight };
  });
}

/** The share of all requests that each rank gets. */
function zipf(ranks: readonly number[], exponent: number): readonly number[] {
  const weights = ranks.map((rank) => rank ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

const sumOf = (lists: readonly (readonly number[])[]): readonly number[] =>
  (lists[0] ?? []).map((_, n) => round(lists.reduce((sum, list) => sum + (list[n] ?? 0), 0)));

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Mulberry32: numbers from 0 to 1, without 0. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (((bits ^ (bits >>> 14)) >>> 0) + 1) / 4_294_967_297;
  };
}
