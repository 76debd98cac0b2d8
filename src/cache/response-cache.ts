import type { RequestDeadline } from '../deadline.ts';
import type { CacheEntry } from './entry.ts';
import { ExecutionRecorder, type ExecutionResult } from './execution-recorder.ts';
import type { CachePolicy } from './policy.ts';
import type { CacheLookup, CacheResult, Execute } from './question.ts';
import type { EntryStore } from './store.ts';
import type { TagVersions } from './tag-versions.ts';

/** No timer may be set for longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Flight {
  readonly leader: RequestDeadline;
  /** Undefined if only the leader may have what came out of it, or if it takes too long. */
  readonly shared: Promise<CacheEntry | undefined>;
}

/** For how long what has expired may still be served, in seconds. */
export interface StaleWindows {
  /** While a new answer is made behind it (RFC 5861 §3). */
  readonly whileRevalidate: number;
  /** When no new answer can be made (RFC 5861 §4); shared answers only. */
  readonly ifError: number;
}

interface ResponseCacheOptions {
  /** Undefined if nothing is to be kept; what is under way is shared all the same. */
  readonly store: EntryStore | undefined;
  readonly tagVersions: TagVersions;
  readonly stale: StaleWindows;
}

/**
 * Remembers answers exactly as long as they are true. What has expired may be served for a while,
 * what was purged never.
 */
export class ResponseCache {
  readonly #store: EntryStore | undefined;
  readonly #tagVersions: TagVersions;
  readonly #stale: StaleWindows;
  readonly #flights = new Map<string, Flight>();
  readonly #refreshing = new Set<string>();

  constructor({ store, tagVersions: numbers, stale }: ResponseCacheOptions) {
    this.#store = store;
    this.#tagVersions = numbers;
    this.#stale = stale;
  }

  /** Whether asking here can be of any use. */
  isCacheable({ maxAge, scope }: CachePolicy): boolean {
    return scope !== 'user' || (maxAge > 0 && this.#store !== undefined);
  }

  /** What can be answered at once. */
  getFresh(key: string): CacheEntry | undefined {
    const entry = this.#store?.peek(key);
    return entry && Date.now() < entry.freshUntil && !this.#tagVersions.isStale(entry)
      ? entry
      : undefined;
  }

  /** @throws what `execute` throws, or `asker.wait` when the asker waits no more */
  async getOrExecute<E extends ExecutionResult>(
    question: CacheLookup,
    asker: RequestDeadline,
    execute: Execute<E>,
  ): Promise<CacheResult<E>> {
    const known = await this.#find(question.key);
    const expiredForMs = known ? Date.now() - known.freshUntil : 0;
    if (known && expiredForMs < 0) return { status: 'hit', entry: known };
    if (known && expiredForMs < this.#stale.whileRevalidate * 1_000) {
      this.#refresh(question, execute);
      return { status: 'hit', entry: known };
    }
    let faults = 'none';
    const answer = await this.#fetch(question, asker, async (recording, isAttended) => {
      const executed = await execute(recording, isAttended);
      faults = recording.faults;
      return executed;
    });
    const isShared = question.policy.scope !== 'user';
    const mayServe = known && isShared && expiredForMs < this.#stale.ifError * 1_000;
    if (mayServe && faults === 'upstream' && !this.#tagVersions.isStale(known)) {
      return { status: 'hit', entry: known };
    }
    return answer;
  }

  /**
   * Executes whatever is stored or in flight, and stores a complete answer for others.
   * @throws what `execute` throws
   */
  async executeAndStore<E extends ExecutionResult>(
    { key, policy }: CacheLookup,
    execute: Execute<E>,
    isAttended = true,
  ): Promise<CacheResult<E>> {
    const recording = new ExecutionRecorder(policy, this.#tagVersions.current);
    const executed = await execute(recording, isAttended);
    const entry = recording.toEntry(executed);
    const isStale =
      entry !== undefined &&
      (this.#tagVersions.isStale(entry) || this.#isOlderThanStored(key, entry));
    const mayKeep = entry !== undefined && entry.maxAge > 0;
    // Whoever has seen what is newer must not be shown again what is older.
    if (!mayKeep && recording.faults === 'none') await this.#store?.delete(key);
    if (!entry) return { executed };
    if (!this.#store || !mayKeep || isStale) {
      return { status: 'miss', entry: { ...entry, maxAge: 0 } };
    }
    const { whileRevalidate, ifError } = this.#stale;
    const staleS = entry.scope === 'user' ? whileRevalidate : Math.max(whileRevalidate, ifError);
    await this.#store.set(key, entry, (entry.maxAge + staleS) * 1_000);
    return { status: 'stored', entry };
  }

  /** Keeps a compressed form of an entry, of which others may be in need as well. */
  addVariant(key: string, entry: CacheEntry, coding: string, body: string): void {
    entry.variants.set(coding, body);
    this.#store?.resize(key, entry);
  }

  async #find(key: string): Promise<CacheEntry | undefined> {
    const entry = await this.#store?.get(key);
    return entry && !this.#tagVersions.isStale(entry) ? entry : undefined;
  }

  /** Nobody joins what began before a purge that they may know of, so the flight's name has its number. */
  #fetch<E extends ExecutionResult>(
    question: CacheLookup,
    asker: RequestDeadline,
    execute: Execute<E>,
  ): Promise<CacheResult<E>> {
    const name = `${this.#tagVersions.current} ${question.key}`;
    const flight = this.#flights.get(name);
    if (!flight) return this.#lead(name, question, asker, execute);
    // Who has less time than the leader would get nothing where a part could be had.
    if (asker.expiresAt < flight.leader.expiresAt) return this.executeAndStore(question, execute);
    return this.#follow(flight, question, asker, execute);
  }

  async #lead<E extends ExecutionResult>(
    name: string,
    question: CacheLookup,
    leader: RequestDeadline,
    execute: Execute<E>,
  ): Promise<CacheResult<E>> {
    const made = this.executeAndStore(question, execute);
    const { promise: shared, resolve } = Promise.withResolvers<CacheEntry | undefined>();
    const flight = { leader, shared };
    const land = (entry?: CacheEntry) => {
      clearTimeout(timer);
      if (this.#flights.get(name) === flight) this.#flights.delete(name);
      resolve(entry);
    };
    // Who follows keeps half of the time: where one service hangs, they must still be able to have
    // the parts of the others.
    const patienceMs = Math.max(0, leader.expiresAt - performance.now()) / 2;
    const timer = setTimeout(land, Math.min(patienceMs, MAX_TIMER_MS));
    this.#flights.set(name, flight);
    made.then(
      (answer) => land('entry' in answer ? answer.entry : undefined),
      () => land(),
    );
    return made;
  }

  async #follow<E extends ExecutionResult>(
    { leader, shared }: Flight,
    question: CacheLookup,
    asker: RequestDeadline,
    execute: Execute<E>,
  ): Promise<CacheResult<E>> {
    const leave = leader.retain();
    const entry = await asker.wait(shared).finally(leave);
    return entry ? { status: 'collapsed', entry } : this.executeAndStore(question, execute);
  }

  /** Whether the answer of an execution that began later is stored already. */
  #isOlderThanStored(key: string, { startedAt }: CacheEntry): boolean {
    const known = this.#store?.peek(key);
    return known !== undefined && known.startedAt > startedAt && !this.#tagVersions.isStale(known);
  }

  /**
   * Makes a new answer in the background. A private answer whose refresh fails is dropped, so that
   * the next request executes and its viewer learns of the outage.
   */
  #refresh<E extends ExecutionResult>(question: CacheLookup, execute: Execute<E>): void {
    const { key, policy } = question;
    if (this.#refreshing.has(key)) return;
    this.#refreshing.add(key);
    void this.executeAndStore(question, execute, false)
      .catch(() => ({}))
      .then((answer) => {
        if (policy.scope === 'user' && !('entry' in answer)) return this.#store?.delete(key);
      })
      .catch(() => {})
      .finally(() => this.#refreshing.delete(key));
  }
}
