import { Counter, type Registry } from 'prom-client';

/** What caused a purge: a mutation, one with an unknown outcome, or an event of a service. */
export type PurgeSource = (typeof PURGE_SOURCES)[number];

const PURGE_SOURCES = ['mutation', 'unknown-outcome', 'event'] as const;

/** A request to an edge: it accepted the purged tags, or it will get them again. */
type EdgePurgeOutcome = (typeof EDGE_PURGE_OUTCOMES)[number];

const EDGE_PURGE_OUTCOMES = ['delivered', 'failed'] as const;

/** Counts the requests to one edge. */
export type EdgePurgeCounter = (outcome: EdgePurgeOutcome) => void;

/** Adds the metric of purges of edges to a registry. @returns a function that creates an edge's counter */
export function createEdgePurgeMetrics(registry: Registry): (edge: string) => EdgePurgeCounter {
  const requests = new Counter({
    name: 'frontdesk_edge_purges_total',
    help: 'Requests that send purges to an edge, by their outcome.',
    labelNames: ['edge', 'outcome'],
    registers: [registry],
  });
  return (edge) => {
    for (const outcome of EDGE_PURGE_OUTCOMES) requests.inc({ edge, outcome }, 0);
    return (outcome) => requests.inc({ edge, outcome });
  };
}

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
