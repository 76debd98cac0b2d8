/**
 * Metrics in the format of Prometheus, for the admin listener. docs/metrics.md lists them.
 *
 * Every label has a bounded number of values: those that clients choose are limited (label.ts). One
 * registry belongs to one server; what belongs to the process (event loop, garbage collection) is
 * added once, by the code that runs it.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { FieldUsage } from './field-usage.ts';
import { createRequestMetrics } from './requests.ts';
import { createUpstreamMetrics } from './upstreams.ts';

export type { UpstreamMetrics } from './upstreams.ts';

/** What caused a purge: a mutation, one with an unknown outcome, or an event of a service. */
export type PurgeSource = 'mutation' | 'unknown-outcome' | 'event';

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
  const purgedTags = new Counter({
    name: 'frontdesk_purged_tags_total',
    help: 'Tags that purges have named.',
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

/** Adds the metrics of the process: event loop, garbage collection, memory, CPU, descriptors. */
export function addProcessMetrics({ registry }: Metrics): void {
  collectDefaultMetrics({ register: registry });
}
