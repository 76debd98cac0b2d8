import type { RequestDeadline } from '../deadline.ts';
import type { Log } from '../telemetry/log.ts';
import { type Execute, ExecutionRecorder } from './execution-recorder.ts';
import type { ExecutionResult } from './execution-result.ts';
import type { CachePolicy } from './policy.ts';
import type { Replicas } from './replicas/index.ts';
import type { EntryStore } from './store.ts';
import type { TagVersions } from './tag-versions.ts';
import type { CacheEntry, CacheHit, CacheLookup, NotStoredReason, StaleWindows } from './types.ts';

/** Limit of setTimeout. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A response that other requests may receive too, or one for this requester alone. */
type CacheResult =
  | CacheHit
  | { readonly executed: ExecutionResult; readonly notStored?: NotStoredReason };

/** An execution in flight, which other requests for the same key follow. */
interface Flight {
  readonly leader: RequestDeadline;
  /** Resolves to undefined if the response is for the leader alone, or after followerTimeoutMs. */
  readonly shared: Promise<CacheEntry | undefined>;
}

interface ResponseCacheOptions {
  /** Undefined turns storing off; concurrent requests still share one execution. */
  readonly store: EntryStore | undefined;
  readonly log: Pick<Log, 'warn'>;
  readonly tagVersions: TagVersions;
  /** The replicas that share a Redis with this process. */
  readonly replicas?: Pick<Replicas, 'stamp' | 'maxAgeMs'> | undefined;
  readonly stale: StaleWindows;
}

/**
 * Stores responses while they are valid, and shares one execution among concurrent requests. An
 * expired response may be served within the stale windows, a purged one never.
 */
export class ResponseCache {
  readonly #store: EntryStore | undefined;
  readonly #log: Pick<Log, 'warn'>;
  readonly #tagVersions: TagVersions;
  readonly #replicas: Pick<Replicas, 'stamp' | 'maxAgeMs'> | undefined;
  readonly #stale: StaleWindows;
  readonly #flights = new Map<string, Flight>();
  readonly #refreshing = new Set<string>();

  constructor({ store, tagVersions, replicas, stale, log }: ResponseCacheOptions) {
    this.#store = store;
    this.#log = log;
    this.#tagVersions = tagVersions;
    this.#replicas = replicas;
    this.#stale = stale;
  }

  /** True if a response with this policy can be stored or shared. */
  isCacheable({ maxAge, scope }: CachePolicy): boolean {
    return scope !== 'user' || (maxAge > 0 && this.#store !== undefined);
  }

  /** The bytes and the number of the responses in memory. */
  usage = () => this.#store?.usage() ?? { bytes: 0, entries: 0 };

  /** A fresh entry from memory, without waiting for anything. */
  getFresh(key: string): CacheEntry | undefined {
    const entry = this.#store?.peek(key);
    return entry && this.#isFresh(entry) ? entry : undefined;
  }

  /** @throws what `execute` throws, or `requester.wait` once the requester's deadline has passed */
  async getOrExecute(
    lookup: CacheLookup,
    requester: RequestDeadline,
    execute: Execute,
  ): Promise<CacheResult> {
    const known = this.#store && (await this.#find(lookup.key, this.#store));
    const expiredForMs = known ? Date.now() - known.freshUntil : 0;
    if (known && expiredForMs < 0) return { status: 'hit', entry: known };
    if (known && expiredForMs < this.#stale.whileRevalidate * 1_000) {
      this.#refresh(lookup, execute);
      return { status: 'hit', entry: known };
    }
    const result = await this.#fetch(lookup, requester, execute);
    const isShared = lookup.policy.scope !== 'user';
    const isInTime = known && isShared && expiredForMs < this.#stale.ifError * 1_000;
    if (!isInTime || !('executed' in result) || !this.#mayServe(known)) return result;
    const { errorCodes } = result.executed;
    return areUpstreamFaults(errorCodes) ? { status: 'hit', entry: known, errorCodes } : result;
  }

  /**
   * Executes whatever is stored or in flight, and stores a complete response for other requests.
   * @throws what `execute` throws
   */
  async executeAndStore(
    { key, policy, representation }: CacheLookup,
    execute: Execute,
    isBackground = false,
  ): Promise<CacheResult> {
    const stamp = this.#replicas?.stamp();
    const recorder = new ExecutionRecorder(policy, this.#tagVersions.current, stamp);
    const executed = await execute(recorder, isBackground);
    const entry = recorder.toEntry(executed, representation);
    const hasErrors = executed.errorCodes.length > 0;
    const isStorable = entry !== undefined && entry.maxAge > 0;
    // A client that has received this newer response must not get the older stored one afterwards.
    if (!isStorable && !hasErrors) this.#store?.delete(key);
    if (!entry) return { executed, notStored: hasErrors ? 'errors' : 'unshareable' };
    const notStored = this.#reasonNotToStore(key, entry);
    if (!this.#store || notStored) {
      return { status: 'miss', entry: { ...entry, maxAge: 0 }, notStored: notStored ?? 'disabled' };
    }
    const { whileRevalidate, ifError } = this.#stale;
    const staleSeconds =
      entry.scope === 'user' ? whileRevalidate : Math.max(whileRevalidate, ifError);
    this.#store.set(key, entry, (entry.maxAge + staleSeconds) * 1_000);
    return { status: 'stored', entry };
  }

  /** Adds a compressed body to an entry, for this and later requests. */
  addVariant(key: string, entry: CacheEntry, coding: string, body: string): void {
    entry.variants.set(coding, body);
    this.#store?.resize(key, entry);
  }

  async #find(key: string, store: EntryStore): Promise<CacheEntry | undefined> {
    const entry = await store.get(key, this.#isFresh);
    return entry && this.#mayServe(entry) ? entry : undefined;
  }

  readonly #isFresh = (entry: CacheEntry): boolean =>
    Date.now() < entry.freshUntil && this.#mayServe(entry);

  /** True unless the entry was purged, or may have been by another replica. */
  #mayServe(entry: CacheEntry): boolean {
    if (this.#tagVersions.isStale(entry)) return false;
    return !this.#replicas || Date.now() - entry.startedAt <= this.#replicas.maxAgeMs();
  }

  /**
   * Follows the execution in flight, or starts one. The flight's key contains the tag version, so that
   * no request follows an execution that began before a purge its client may know of.
   */
  #fetch(lookup: CacheLookup, requester: RequestDeadline, execute: Execute): Promise<CacheResult> {
    const flightKey = `${this.#tagVersions.current} ${lookup.key}`;
    const flight = this.#flights.get(flightKey);
    if (!flight) return this.#lead(flightKey, lookup, requester, execute);
    // A follower with an earlier deadline executes on its own, to still get a partial response.
    if (requester.expiresAt < flight.leader.expiresAt) return this.executeAndStore(lookup, execute);
    return this.#follow(flight, lookup, requester, execute);
  }

  async #lead(
    flightKey: string,
    lookup: CacheLookup,
    leader: RequestDeadline,
    execute: Execute,
  ): Promise<CacheResult> {
    const execution = this.executeAndStore(lookup, execute);
    const { promise: shared, resolve } = Promise.withResolvers<CacheEntry | undefined>();
    const flight = { leader, shared };
    const settle = (entry?: CacheEntry) => {
      clearTimeout(timer);
      if (this.#flights.get(flightKey) === flight) this.#flights.delete(flightKey);
      resolve(entry);
    };
    // A follower waits at most half of the leader's remaining time, so that it can still execute on
    // its own and return a partial response if one upstream hangs.
    const followerTimeoutMs = Math.max(0, leader.expiresAt - performance.now()) / 2;
    const timer = setTimeout(settle, Math.min(followerTimeoutMs, MAX_TIMER_MS));
    this.#flights.set(flightKey, flight);
    execution.then(
      (result) => settle('entry' in result ? result.entry : undefined),
      () => settle(),
    );
    return execution;
  }

  async #follow(
    { leader, shared }: Flight,
    lookup: CacheLookup,
    requester: RequestDeadline,
    execute: Execute,
  ): Promise<CacheResult> {
    leader.retain();
    try {
      // `shared` settles before the leader's deadline, which is not later than a follower's.
      const entry = await requester.waitUntilReleased(shared);
      if (entry) return { status: 'collapsed', entry };
    } finally {
      leader.release();
    }
    return this.executeAndStore(lookup, execute);
  }

  #reasonNotToStore(key: string, entry: CacheEntry): NotStoredReason | undefined {
    if (entry.maxAge <= 0) return 'freshness';
    const isOutdated = this.#tagVersions.isStale(entry) || this.#isOlderThanStored(key, entry);
    return isOutdated ? 'purged' : undefined;
  }

  /** True if the store holds the response of an execution that began later. */
  #isOlderThanStored(key: string, { startedAt }: CacheEntry): boolean {
    const known = this.#store?.peek(key);
    return known !== undefined && known.startedAt > startedAt && !this.#tagVersions.isStale(known);
  }

  /**
   * Computes a new response in the background. A private response whose refresh fails is deleted, so
   * that the next request executes and its viewer learns of the outage.
   */
  #refresh(lookup: CacheLookup, execute: Execute): void {
    const { key, policy } = lookup;
    if (this.#refreshing.has(key)) return;
    this.#refreshing.add(key);
    void this.executeAndStore(lookup, execute, true)
      .catch((error: Error) => {
        this.#log.warn({ reason: error.message }, 'background refresh failed');
        return {};
      })
      .then((result) => {
        if (policy.scope === 'user' && !('entry' in result)) this.#store?.delete(key);
      })
      .finally(() => this.#refreshing.delete(key));
  }
}

/** True if there are errors, and all of them are the upstreams'. */
const areUpstreamFaults = (errorCodes: readonly string[]): boolean =>
  errorCodes.length > 0 && errorCodes.every((code) => code.startsWith('UPSTREAM_'));
