import {
  createEdgePurger,
  createInvalidation,
  type PurgeChannel,
  TagVersions,
} from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics/index.ts';

/** The time for which data is not stored after a write whose outcome is unknown. */
const QUARANTINE_MS = 30_000;

interface PurgeOptions {
  readonly edges: Config['edges'];
  /** Leads to the other workers. */
  readonly channel: PurgeChannel | undefined;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Called before each purge; executions that begin after it must not use data that was read before it. */
  readonly beforePurge: () => void;
}

/** Creates what makes stored responses stale: in this process, in other workers and at the edges. */
export function createPurges({ edges, channel, log, metrics, beforePurge }: PurgeOptions) {
  const edgePurger =
    edges && createEdgePurger({ ...edges, log, countFor: metrics.edgePurgeCounter });
  const tagVersions = new TagVersions(beforePurge);
  const invalidation = createInvalidation(tagVersions, { channel, edges: edgePurger });
  return {
    tagVersions,
    /** Purges what a mutation has changed, or may have changed. */
    changed(tags: readonly string[], isCertain: boolean) {
      metrics.countPurge(isCertain ? 'mutation' : 'unknown-outcome', tags.length);
      return isCertain ? invalidation.purge(tags) : invalidation.quarantine(tags, QUARANTINE_MS);
    },
    /** Purges what an event of a service names. */
    received(tags: readonly string[]) {
      metrics.countPurge('event', tags.length);
      return invalidation.purge(tags);
    },
    close: async () => edgePurger?.close(),
  };
}
