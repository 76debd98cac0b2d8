import type { PurgeChannel } from '../invalidation.ts';
import type { Purge } from '../types.ts';
import type { Replicas } from './replicas.ts';

/**
 * Publishes a purge to the other replicas, and then to the workers of this one: a worker that has applied a
 * purge must not accept what Redis still has.
 */
export async function publishToReplicas(
  replicas: Pick<Replicas, 'publish'>,
  workers: Pick<PurgeChannel, 'publish'> | undefined,
  purge: Purge,
): Promise<void> {
  const stamp = await replicas.publish(purge);
  await workers?.publish({ ...purge, stamp });
}

/** Creates the channel to the other replicas and, behind it, to the other workers of this one. */
export const createReplicaChannel = (
  replicas: Replicas,
  workers: PurgeChannel | undefined,
): PurgeChannel => ({
  publish: (purge) => publishToReplicas(replicas, workers, purge),
  onPurge(apply) {
    replicas.onPurge(apply);
    workers?.onPurge((purge) => {
      apply(purge);
      if (purge.stamp) replicas.record(purge, purge.stamp);
    });
  },
});
