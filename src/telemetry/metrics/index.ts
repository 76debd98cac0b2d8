/**
 * Metrics in the format of Prometheus, for the admin listener. docs/observability.md lists them.
 *
 * Every label has a bounded number of values: those that clients choose are limited (label.ts). One
 * registry belongs to one server; what belongs to the process (event loop, garbage collection) is
 * added once, by the code that runs it.
 */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { FieldUsage } from './field-usage.ts';
import { createRequestMetrics } from './requests.ts';
import { createUpstreamMetrics } from './upstreams.ts';

export type { UpstreamMetrics } from './upstreams.ts';

/** What caused a purge: a mutation, one with an unknown outcome, or an event of a service. */
export type PurgeSource = (typeof PURGE_SOURCES)[number];

const PURGE_SOURCES = ['mutation', 'unknown-outcome', 'event'] as const;

interface MetricsOptions {
  readonly isTrusted: (hash: string) => boolean;
  readonly isDeprecated: (field: string) => boolean;
}

interface Gauges {
  /** The memory of stored responses, in bytes. */
  readonly cacheBytes: () => number;
  readonly cacheEntries: () => number;
  readonly connections: () => Promise<number>;
}

/** Creates the metrics of one server. */
export function createMetrics({ isTrusted, isDeprecated }: MetricsOptions) {
  const registry = new Registry();
  const registers = [registry];
  const fieldUsage = new FieldUsage(registry, isDeprecated);
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

  const lostSpans = new Counter({
    name: 'frontdesk_lost_spans_total',
    help: 'Spans of traces that could not be exported.',
    registers,
  });

  return {
    registry,
    requests: createRequestMetrics({ registry, fieldUsage, isTrusted }),
    upstreams: createUpstreamMetrics(registry),
    countPurge(source: PurgeSource, tags: number): void {
      purges.inc({ source });
      purgedTags.inc(tags);
    },
    countLostSpans: (spans: number): void => lostSpans.inc(spans),
    /** Adds the figures that are read when metrics are collected. */
    addGauges({ cacheBytes, cacheEntries, connections }: Gauges): void {
      const add = (name: string, help: string, read: () => number | Promise<number>) =>
        new Gauge({
          name,
          help,
          registers,
          async collect() {
            this.set(await read());
          },
        });
      add('frontdesk_cache_bytes', 'Memory of stored responses, first tier.', cacheBytes);
      add('frontdesk_cache_entries', 'Stored responses, first tier.', cacheEntries);
      add('frontdesk_connections', 'Open connections of clients.', connections);
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Adds the metrics of the process: event loop, garbage collection, memory and its limits, CPU, descriptors. */
export function addProcessMetrics({ registry }: Metrics): void {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'frontdesk_memory_limit_bytes',
    help: 'Memory that the process may use: that of its control group, or of the machine.',
    registers,
  }).set(Math.min(process.constrainedMemory() || Infinity, totalmem()));
  new Gauge({
    name: 'frontdesk_heap_limit_bytes',
    help: 'Size of the heap above which Node ends the process.',
    registers,
  }).set(getHeapStatistics().heap_size_limit);
}
