import {
  connectReplicas,
  createEdgePurger,
  createInvalidation,
  createReplicaChannel,
  EVERYTHING,
  TagVersions,
} from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import { createEventChannel, EventHub } from '../events/index.ts';
import { andThen } from '../maybe-promise.ts';
import type { SharedRedis } from '../redis/client.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics/index.ts';
import type { ReceivedChange } from './admin.ts';
import type { Peers } from './peers.ts';

/** The time for which data is not stored after a write whose outcome is unknown. */
const QUARANTINE_MS = 30_000;

interface PurgeOptions {
  readonly edges: Config['edges'];
  /** The other workers; undefined if there are none. */
  readonly peers: Peers | undefined;
  readonly redis: SharedRedis | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Called before each purge; executions that begin after it must not use data that was read before it. */
  readonly beforePurge: () => void;
}

/**
 * Creates the parts that invalidate stored responses, in this process, in the others and at the edges; and those
 * that tell subscriptions of changes.
 */
export async function createPurges(options: PurgeOptions) {
  const { edges, peers, redis, log, metrics, beforePurge } = options;
  const connection = redis && (await connectReplicas(redis, log));
  const replicas = connection?.replicas;
  const edgePurger =
    edges && createEdgePurger({ ...edges, log, countFor: metrics.edgePurgeCounter });
  const tagVersions = new TagVersions(beforePurge);
  const channel = replicas ? createReplicaChannel(replicas, peers?.purges) : peers?.purges;
  const invalidation = createInvalidation(tagVersions, { channel, edges: edgePurger });
  if (edgePurger) {
    replicas?.onEdgePurge((purge) =>
      edgePurger.purge(purge.kind === 'everything' ? [EVERYTHING] : purge.tags),
    );
  }
  const hub = new EventHub();
  const sendEvent = createEventChannel({
    hub,
    workers: peers?.events,
    redis,
    replicas: connection,
  });
  return {
    tagVersions,
    replicas,
    listen: hub.listen,
    sharedCaches: {
      arePurged: edges !== undefined,
      hasAllPurges: () => !replicas || replicas.maxAgeMs() === Number.POSITIVE_INFINITY,
    },
    /** Purges what a mutation has changed, or may have changed. */
    changed(tags: readonly string[], isCertain: boolean) {
      metrics.countPurge(isCertain ? 'mutation' : 'unknown-outcome', tags.length);
      return isCertain ? invalidation.purge(tags) : invalidation.quarantine(tags, QUARANTINE_MS);
    },
    /** Purges what a service has changed, and then sends its event to the subscriptions. */
    receive({ tags, event }: ReceivedChange) {
      metrics.countPurge('event', tags.length);
      return andThen(invalidation.purge(tags), () => event && sendEvent(event));
    },
    async close() {
      await connection?.close();
      await edgePurger?.close();
    },
  };
}
