/**
 * The life of one cache key in a fleet of replicas, from event to event.
 *
 * A request takes a random replica. If that has a copy of the response in memory, nothing happens;
 * otherwise it asks Redis (GET), and if that has nothing valid it executes, which takes EXECUTION_SECONDS,
 * stores the response in memory and in Redis (SET), and lets later requests at this replica wait for it.
 * Replicas do not wait for each other's executions.
 *
 * Requests are independent, so a replica is described by what it has of the key, and the key by numbers of
 * replicas: `copies` and `flights`. Requests that find a copy, or wait for an execution, change nothing and
 * are not events: their expected number is added. So a key costs as much time as it has misses.
 *
 * Versions as in src/cache: a response has the time at which its execution began. A purge makes all begun
 * earlier stale, in Redis too, and what is in flight is not stored. No response gets older than
 * `maxAgeSeconds`, because the versions of more tags are not kept (the floor). While Redis is lost, purges
 * stay in their replica, and after 3 s nothing older than 10 s is served. When it is back, its generation is
 * new: it is empty, and all memories are cleared.
 *
 * Simplifications: memory has no bound (its size is a result), a GET takes no time, a purge arrives at once
 * everywhere, all replicas notice a loss and a return at the same moment, nothing expired is served.
 */
import type { Counts } from './counts.ts';

/** Of the upstream calls and everything around them. */
const EXECUTION_SECONDS = 0.05;
/** The random part by which freshness is shortened (src/cache/entry.ts). */
const JITTER = 0.1;
/** From the last contact with Redis until the age of responses is limited (src/cache/replicas). */
const SYNC_TIMEOUT_SECONDS = 3;
const MAX_UNSYNCED_AGE_SECONDS = 10;

export interface KeyLoad {
  /** Requests per second, at all replicas together. */
  readonly rate: number;
  readonly purgesPerSecond: number;
  readonly ttlSeconds: number;
  /** The number of keys that this one stands for. */
  readonly weight: number;
}

export interface Fleet {
  readonly replicas: number;
  /** The age at which the floor makes responses stale. */
  readonly maxAgeSeconds: number;
  /** True if a copy that is stale or expired hides what Redis has: its replica executes without a GET. */
  readonly hidesRedis: boolean;
  /** In seconds from the start; Infinity if never. */
  readonly redisLostAt: number;
  readonly redisBackAt: number;
  readonly endsAt: number;
  /** A number from 0 to 1, excluding 0. */
  readonly random: () => number;
}

/** Copies in the memories of some replicas that expire at the same time. */
interface Group {
  readonly began: number;
  until: number;
  count: number;
}

interface Execution {
  readonly began: number;
  readonly endsAt: number;
}

export function simulateKey(load: KeyLoad, fleet: Fleet, counts: Counts): void {
  const { rate, weight } = load;
  const { replicas, random } = fleet;
  const wait = (perSecond: number): number =>
    perSecond > 0 ? -Math.log(random()) / perSecond : Number.POSITIVE_INFINITY;
  const perReplica = rate / replicas;

  let now = 0;
  /** Sorted by `until`. */
  let groups: Group[] = [];
  let executions: Execution[] = [];
  let copies = 0;
  /** Replicas with an execution that their requests may wait for. */
  let flights = 0;
  /** Replicas with a stale copy that hides Redis. */
  let hidden = 0;
  let stored: Group | undefined;
  let redis: 'up' | 'lost' | 'unsynced' = 'up';
  let nextPurge = wait(load.purgesPerSecond);
  const phases = [
    { at: fleet.redisLostAt, begin: loseRedis },
    { at: fleet.redisLostAt + SYNC_TIMEOUT_SECONDS, begin: limitAge },
    { at: fleet.redisBackAt, begin: recover },
    { at: Number.POSITIVE_INFINITY, begin: () => undefined },
  ];

  while (now < fleet.endsAt) {
    const without = replicas - copies - flights;
    const nextMiss = now + wait(without * perReplica);
    const nextEnd = executions[0]?.endsAt ?? Number.POSITIVE_INFINITY;
    const nextExpiry = groups[0]?.until ?? Number.POSITIVE_INFINITY;
    const nextPhase = (phases[0] as { at: number }).at;
    const next = Math.min(nextMiss, nextEnd, nextExpiry, nextPurge, nextPhase, fleet.endsAt);
    counts.addCopies(now, next, copies * weight, copies * weight * perReplica);
    now = next;
    if (next === fleet.endsAt) return;
    if (next === nextPhase) phases.shift()?.begin();
    else if (next === nextEnd) store(executions.shift() as Execution);
    else if (next === nextExpiry) expire();
    else if (next === nextPurge) purge();
    else miss(random() * without < hidden);
  }

  function miss(isHidden: boolean): void {
    if (isHidden) hidden--;
    const asksRedis = redis === 'up' && !isHidden;
    if (asksRedis) counts.add('gets', now, weight);
    if (asksRedis && stored && stored.until > now) {
      counts.add('redisHits', now, weight);
      keep(stored.began, stored.until);
    } else {
      execute();
    }
  }

  function execute(): void {
    counts.add('executions', now, weight);
    counts.add('followers', now, weight * perReplica * EXECUTION_SECONDS);
    executions.push({ began: now, endsAt: now + EXECUTION_SECONDS });
    flights++;
  }

  function store({ began }: Execution): void {
    flights--;
    const fresh = now + load.ttlSeconds * (1 - JITTER * random());
    const until = Math.min(fresh, began + maxAge());
    keep(began, until);
    if (redis !== 'up') return;
    counts.add('sets', now, weight);
    stored = { began, until, count: 0 };
  }

  function maxAge(): number {
    return redis === 'unsynced' ? MAX_UNSYNCED_AGE_SECONDS : fleet.maxAgeSeconds;
  }

  function keep(began: number, until: number): void {
    copies++;
    const index = groups.findLastIndex((group) => group.until <= until);
    const group = groups[index];
    if (group?.until === until) group.count++;
    else groups.splice(index + 1, 0, { began, until, count: 1 });
  }

  function expire(): void {
    const { count } = groups.shift() as Group;
    copies -= count;
    if (fleet.hidesRedis) hidden += count;
  }

  function purge(): void {
    nextPurge = now + wait(load.purgesPerSecond);
    counts.add('purges', now, weight);
    if (redis === 'up') dropAll();
  }

  function dropAll(): void {
    if (fleet.hidesRedis) hidden += copies;
    groups = [];
    copies = 0;
    executions = [];
    flights = 0;
    stored = undefined;
  }

  function loseRedis(): void {
    redis = 'lost';
    stored = undefined;
  }

  function limitAge(): void {
    redis = 'unsynced';
    for (const group of groups) {
      group.until = Math.min(group.until, group.began + MAX_UNSYNCED_AGE_SECONDS);
      if (group.until < now) group.until = now;
    }
  }

  function recover(): void {
    redis = 'up';
    dropAll();
  }
}
