import { randomUUID } from 'node:crypto';
import type { Log } from '../../telemetry/log.ts';
import type { Purge, Stamp } from '../types.ts';
import { Versions } from '../versions.ts';
import type { Changes, PurgeMessage, SharedTags } from './shared-tags.ts';
import { UndeliveredPurges } from './undelivered.ts';

/** If no sync that began within this time has succeeded, purges of other replicas may be missing. */
const SYNC_TIMEOUT_MS = 3_000;
/** After an outage, the time in which the other replicas reconnect and deliver the purges of the outage. */
const CATCH_UP_MS = 5_000;
/** The maximum age of a response that is served while purges may be missing. */
const MAX_UNSYNCED_AGE_MS = 10_000;

/** The purges of all replicas, as far as this one knows them. */
export class Replicas {
  readonly #id = randomUUID();
  readonly #shared: SharedTags;
  readonly #log: Pick<Log, 'warn'>;
  readonly #undelivered = new UndeliveredPurges();
  #versions = new Versions();
  #generation: string | undefined;
  /** All purges up to this version have been received. */
  #received = 0;
  /** On the clock of `performance.now()`. */
  #syncedAt = Number.NEGATIVE_INFINITY;
  /** The end of the time in which others deliver what they have kept; infinite before the first sync. */
  #caughtUpAt = Number.POSITIVE_INFINITY;
  #syncing: Promise<void> | undefined;
  #wasSynced = true;
  /** Applies a purge of another replica to the responses in memory. */
  #apply: (purge: Purge) => void = () => undefined;
  #purgeEdges: ((purge: Purge) => void) | undefined;

  constructor(shared: SharedTags, log: Pick<Log, 'warn'>) {
    this.#shared = shared;
    this.#log = log;
  }

  onPurge(apply: (purge: Purge) => void): void {
    this.#apply = apply;
  }

  /**
   * Sets what purges the edges, beyond the purges that this replica originates: for those that it has
   * delivered late, because others have served older responses until then, and for those of replicas that
   * have no edges, such as another BFF.
   */
  onEdgePurge(purgeEdges: (purge: Purge) => void): void {
    this.#purgeEdges = purgeEdges;
  }

  /** The point in the history of purges at which an execution begins; undefined while it is unknown. */
  stamp(): Stamp | undefined {
    if (this.#generation === undefined) return undefined;
    return { generation: this.#generation, version: this.#versions.current };
  }

  /** True if a response from Redis may be served, as far as its tags are concerned. */
  accepts({ generation, version }: Stamp, tags: readonly string[]): boolean {
    if (!this.isSynced() || generation !== this.#generation) return false;
    return !this.#undelivered.covers(tags) && !this.#versions.isStale({ tags, version });
  }

  /** The age in milliseconds up to which a response may be served: infinite unless purges may be missing. */
  maxAgeMs(): number {
    const isCertain = this.isSynced() && performance.now() >= this.#caughtUpAt;
    return isCertain ? Number.POSITIVE_INFINITY : MAX_UNSYNCED_AGE_MS;
  }

  /** True if this replica knows the purges of the others, up to a few seconds ago. */
  readonly isSynced = (): boolean => performance.now() - this.#syncedAt < SYNC_TIMEOUT_MS;

  /**
   * Gives a purge of this replica its version, and tells the others. Never rejects.
   * @returns undefined if Redis does not answer; the purge is then delivered later
   */
  publish(purge: Purge): Promise<Stamp | undefined> {
    return this.#undelivered.send(purge, this.#send).catch(() => undefined);
  }

  /** Records a purge that has a version already. */
  record(purge: Purge, { generation, version }: Stamp): void {
    if (generation !== this.#generation) return;
    if (purge.kind === 'everything') this.#versions.setAll(version);
    else this.#versions.set(purge.tags, version);
  }

  readonly #send = async (purge: Purge): Promise<Stamp> => {
    const stamp = await this.#shared.purge({
      origin: this.#id,
      purge,
      isSentToEdges: this.#purgeEdges !== undefined,
    });
    if (stamp.generation !== this.#generation) this.#beginGeneration(stamp.generation);
    this.record(purge, stamp);
    return stamp;
  };

  /** Handles a message about a purge. Redis sends it to all replicas, including the one that purged. */
  receive({ origin, purge, isSentToEdges, ...stamp }: PurgeMessage): void {
    if (origin !== this.#id) {
      this.#apply(purge);
      if (!isSentToEdges) this.#purgeEdges?.(purge);
    }
    this.record(purge, stamp);
    // Another generation is confirmed by `sync`: channels have no database number, so the message may be of
    // another database.
    const isNext = stamp.generation === this.#generation && stamp.version <= this.#received + 1;
    if (isNext) this.#received = Math.max(this.#received, stamp.version);
    else void this.sync();
  }

  /** Delivers the purges that Redis lacks, and asks for those that this replica has missed. Never rejects. */
  readonly sync = (): Promise<void> => {
    this.#syncing ??= this.#sync()
      .catch(() => undefined)
      .finally(() => {
        this.#syncing = undefined;
        this.#logState();
      });
    return this.#syncing;
  };

  async #sync(): Promise<void> {
    const startedAt = performance.now();
    await this.#undelivered.sendKept(async (purge) => {
      await this.#send(purge);
      this.#purgeEdges?.(purge);
    });
    let isComplete = false;
    while (!isComplete) isComplete = this.#take(await this.#shared.changesSince(this.#received));
    if (!this.isSynced()) this.#caughtUpAt = performance.now() + CATCH_UP_MS;
    this.#syncedAt = startedAt;
  }

  /** Tries once more to deliver what Redis does not know. */
  async close(): Promise<void> {
    if (this.#undelivered.isEmpty) return;
    await this.#syncing;
    await this.sync();
    if (!this.#undelivered.isEmpty)
      this.#log.warn('purges lost: other replicas may serve what they have changed');
  }

  /** Logs each change of the state once. */
  #logState(): void {
    const isSynced = this.isSynced();
    if (isSynced === this.#wasSynced) return;
    this.#wasSynced = isSynced;
    if (isSynced) this.#log.warn('purges of other replicas are received again');
    else
      this.#log.warn(
        'purges of other replicas are missing: nothing older than 10 seconds is served',
      );
  }

  /** @returns false if there are more changes to ask for */
  #take({ generation, floor, versions, receivedUpTo, isComplete }: Changes): boolean {
    if (generation !== this.#generation) {
      this.#beginGeneration(generation);
      return false;
    }
    if (floor > this.#received) {
      this.#versions.setAll(floor);
      this.#apply({ kind: 'everything' });
    }
    for (const [tag, version] of versions) this.#versions.set([tag], version);
    if (versions.size > 0) this.#applyMissed({ kind: 'tags', tags: [...versions.keys()] });
    this.#versions.advance(receivedUpTo);
    this.#received = receivedUpTo;
    return isComplete;
  }

  /** Applies purges whose messages have not arrived; those from before the start are not missed. */
  #applyMissed(purge: Purge): void {
    this.#apply(purge);
    const hasSyncedBefore = Number.isFinite(this.#caughtUpAt);
    if (hasSyncedBefore) this.#purgeEdges?.(purge);
  }

  /** Starts over: Redis has lost the versions, perhaps with some that this replica has not received. */
  #beginGeneration(generation: string): void {
    if (this.#generation !== undefined)
      this.#log.warn('purges lost in Redis: stored responses are discarded');
    this.#generation = generation;
    this.#versions = new Versions();
    this.#received = 0;
    this.#syncedAt = Number.NEGATIVE_INFINITY;
    this.#apply({ kind: 'everything' });
    void this.sync();
  }
}
