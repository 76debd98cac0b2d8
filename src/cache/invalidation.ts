import { randomUUID } from 'node:crypto';
import { andThen, type MaybePromise } from '../maybe-promise.ts';
import type { EdgePurger } from './edge-purger.ts';
import type { TagVersions } from './tag-versions.ts';
import type { Purge } from './types.ts';

/** Sends purges to other processes and receives theirs: those of the other workers, and of other replicas. */
export interface PurgeChannel {
  /**
   * Sends a purge to all other processes.
   * @returns a promise that resolves when each worker has applied it or has ended, and Redis has it or
   *   did not answer in time; it never rejects, and it is bounded in time
   */
  readonly publish: (purge: Purge) => Promise<void>;
  /** Sets what applies the purges of the others. A purge is acknowledged when it returns. */
  readonly onPurge: (apply: (purge: Purge) => void) => void;
}

/**
 * Invalidates stored responses in this process, through the channel in the others, and then at the edges:
 * in this order, because a purged edge fetches a new response from any process.
 */
export interface Invalidation {
  /** Makes every response with one of the tags stale; a promise if others have to apply it too. */
  readonly purge: (tags: readonly string[]) => MaybePromise<undefined>;
  /**
   * Purges the tags, and keeps responses with them from being stored for a while.
   * @returns a function that ends the quarantine early
   */
  readonly quarantine: (tags: readonly string[], ms: number) => MaybePromise<() => void>;
}

/** What has to apply the purges of a process besides itself. */
interface InvalidationTargets {
  /** Undefined for a process that has no others beside it: nothing is then awaited. */
  readonly channel?: PurgeChannel | undefined;
  /** Gets the purges that begin in this process only. */
  readonly edges?: Pick<EdgePurger, 'purge'> | undefined;
}

export function createInvalidation(
  tagVersions: TagVersions,
  { channel, edges }: InvalidationTargets = {},
): Invalidation {
  channel?.onPurge(createPurgeReceiver(tagVersions));
  return {
    purge(tags) {
      tagVersions.purge(tags);
      if (tags.length === 0) return undefined;
      return andThen(channel?.publish({ kind: 'tags', tags }), () => {
        edges?.purge(tags);
        return undefined;
      });
    },
    quarantine(tags, ms) {
      const id = randomUUID();
      // Also when its time is over: another process may have missed the quarantine.
      const release = tagVersions.quarantine(tags, ms, () => {
        void andThen(channel?.publish({ kind: 'release', id, tags }), () => edges?.purge(tags));
      });
      return andThen(channel?.publish({ kind: 'quarantine', id, tags, ms }), () => {
        edges?.purge(tags);
        return release;
      });
    },
  };
}

/** Creates the function that applies the purges of other processes. */
function createPurgeReceiver(tagVersions: TagVersions): (purge: Purge) => void {
  const releases = new Map<string, () => void>();

  function quarantine(id: string, tags: readonly string[], ms: number): void {
    releases.set(id, tagVersions.quarantine(tags, ms));
    setTimeout(() => releases.delete(id), ms).unref();
  }

  return (purge) => {
    if (purge.kind === 'everything') return tagVersions.purgeAll();
    if (purge.kind === 'quarantine') return quarantine(purge.id, purge.tags, purge.ms);
    if (purge.kind === 'release') {
      releases.get(purge.id)?.();
      releases.delete(purge.id);
    }
    // Also after a release: this process may have started after the quarantine.
    return tagVersions.purge(purge.tags);
  };
}
