import type { PurgeChannel } from '../invalidation.ts';
import type { Replicas } from './replicas.ts';

/**
 * Creates the channel to the other replicas and, behind it, to the other workers of this one. Replicas come
 * first, because a worker that has applied a purge must not accept what Redis still has.
 */
export const createReplicaChannel = (
  replicas: Replicas,
  workers: PurgeChannel | undefined,
): PurgeChannel => ({
  async publish(purge) {
    const stamp = await replicas.publish(purge);
    await workers?.publish({ ...purge, stamp });
  },
  onPurge(apply) {
    replicas.onPurge(apply);
    workers?.onPurge((purge) => {
      apply(purge);
      if (purge.stamp) replicas.record(purge, purge.stamp);
    });
  },
});
