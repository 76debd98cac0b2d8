import {
  connectReplicas,
  createEdgePurger,
  createInvalidation,
  createReplicaChannel,
  EVERYTHING,
  type PurgeChannel,
  TagVersions,
} from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import type { SharedRedis } from '../redis/client.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics/index.ts';

/** The time for which data is not stored after a write whose outcome is unknown. */
const QUARANTINE_MS = 30_000;

interface PurgeOptions {
  readonly edges: Config['edges'];
  /** The channel to the other workers; undefined if there are none. */
  readonly workers: PurgeChannel | undefined;
  readonly redis: SharedRedis | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Called before each purge; executions that begin after it must not use data that was read before it. */
  readonly beforePurge: () => void;
}

/** Creates the parts that invalidate stored responses: in this process, in the others and at the edges. */
export async function createPurges(options: PurgeOptions) {
  const { edges, workers, redis, log, metrics, beforePurge } = options;
  const connection = redis && (await connectReplicas(redis, log));
  const replicas = connection?.replicas;
  const edgePurger =
    edges && createEdgePurger({ ...edges, log, countFor: metrics.edgePurgeCounter });
  const tagVersions = new TagVersions(beforePurge);
  const channel = replicas ? createReplicaChannel(replicas, workers) : workers;
  const invalidation = createInvalidation(tagVersions, { channel, edges: edgePurger });
  if (edgePurger) {
    replicas?.onEdgePurge((purge) =>
      edgePurger.purge(purge.kind === 'everything' ? [EVERYTHING] : purge.tags),
    );
  }
  return {
    tagVersions,
    replicas,
    sharedCaches: {
      arePurged: edges !== undefined,
      hasAllPurges: () => !replicas || replicas.maxAgeMs() === Number.POSITIVE_INFINITY,
    },
    /** Purges what a mutation has changed, or may have changed. */
    changed(tags: readonly string[], isCertain: boolean) {
      metrics.countPurge(isCertain ? 'mutation' : 'unknown-outcome', tags.length);
      return isCertain ? invalidation.purge(tags) : invalidation.quarantine(tags, QUARANTINE_MS);
    },
    /** Purges the tags of a service's event. */
    received(tags: readonly string[]) {
      metrics.countPurge('event', tags.length);
      return invalidation.purge(tags);
    },
    async close() {
      await connection?.close();
      await edgePurger?.close();
    },
  };
}
