import { Counter, type Registry } from 'prom-client';

/** What caused a purge: a mutation, one with an unknown outcome, or an event of a service. */
export type PurgeSource = (typeof PURGE_SOURCES)[number];

const PURGE_SOURCES = ['mutation', 'unknown-outcome', 'event'] as const;

/** Adds the metrics of purges to a registry. */
export function createPurgeMetrics(registry: Registry) {
  const registers = [registry];
  const purges = new Counter({
    name: 'frontdesk_purges_total',
    help: 'Purges, by their source.',
    labelNames: ['source'],
    registers,
  });
  // Without a series at zero, an increase does not include the first purge.
  for (const source of PURGE_SOURCES) purges.inc({ source }, 0);
  const purgedTags = new Counter({
    name: 'frontdesk_purged_tags_total',
    help: 'Tags that purges have named.',
    registers,
  });
  return (source: PurgeSource, tags: number): void => {
    purges.inc({ source });
    purgedTags.inc(tags);
  };
}
