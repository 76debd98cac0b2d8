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
import { ManifestUsage } from './manifest-usage.ts';
import { createEdgePurgeMetrics, createPurgeMetrics } from './purges.ts';
import { createRequestMetrics } from './requests.ts';
import { createSubscriptionMetrics } from './subscriptions.ts';
import { createUpstreamMetrics } from './upstreams.ts';

export { aggregateMetrics, EndedCounts, type ProcessMetrics } from './aggregate.ts';
export type { EdgePurgeCounter } from './purges.ts';
export type { UpstreamMetrics } from './upstreams.ts';

interface MetricsOptions {
  /** True for the hashes of operations that the BFF accepts without a manifest. */
  readonly isCommitted: (hash: string) => boolean;
  readonly isTrusted: (hash: string) => boolean;
  readonly isDeprecated: (field: string) => boolean;
}

interface Gauges {
  /** The memory of stored responses, in bytes. */
  readonly cacheBytes: () => number;
  readonly cacheEntries: () => number;
  readonly connections: () => Promise<number>;
  /** The end of the certificate's validity, in seconds since the epoch; undefined without TLS. */
  readonly certificateExpiry: (() => number) | undefined;
  /** True if all manifests are in use as their files have them; undefined without files. */
  readonly areManifestsCurrent: (() => boolean) | undefined;
  /** True if Redis responds; undefined without Redis. */
  readonly isRedisUp: (() => Promise<boolean>) | undefined;
  /** True if this replica knows the purges of the others; undefined without Redis. */
  readonly isSynced: (() => boolean) | undefined;
}

/** Creates the metrics of one server. */
export function createMetrics({ isCommitted, isTrusted, isDeprecated }: MetricsOptions) {
  const registry = new Registry();
  const registers = [registry];
  const fieldUsage = new FieldUsage(registry, isDeprecated);
  const manifestUsage = new ManifestUsage(registry, isCommitted);

  const lostSpans = new Counter({
    name: 'frontdesk_lost_spans_total',
    help: 'Spans of traces whose export failed, or that ended while the queue was full.',
    registers,
  });

  return {
    registry,
    requests: createRequestMetrics({ registry, fieldUsage, manifestUsage, isTrusted }),
    setManifests: manifestUsage.setManifests,
    upstreams: createUpstreamMetrics(registry),
    countPurge: createPurgeMetrics(registry),
    subscriptions: createSubscriptionMetrics(registry),
    edgePurgeCounter: createEdgePurgeMetrics(registry),
    countLostSpans: (spans: number): void => lostSpans.inc(spans),
    /** Adds the figures that are read when metrics are collected. */
    addGauges(gauges: Gauges): void {
      const { cacheBytes, cacheEntries, connections } = gauges;
      const { certificateExpiry, areManifestsCurrent, isRedisUp, isSynced } = gauges;
      const add = (
        name: string,
        help: string,
        read: () => number | Promise<number>,
        aggregator: 'sum' | 'min' = 'sum',
      ) =>
        new Gauge({
          name,
          help,
          aggregator,
          registers,
          async collect() {
            this.set(await read());
          },
        });
      add('frontdesk_cache_bytes', 'Memory of stored responses.', cacheBytes);
      add('frontdesk_cache_entries', 'Stored responses in memory.', cacheEntries);
      add('frontdesk_connections', 'Open connections of clients.', connections);
      if (certificateExpiry) {
        const help =
          'End of the validity of the TLS certificate in use, in seconds since the epoch.';
        add('frontdesk_certificate_expiry_timestamp_seconds', help, certificateExpiry, 'min');
      }
      if (areManifestsCurrent) {
        const help = '1 if the manifests are in use as their files have them, otherwise 0.';
        add('frontdesk_manifests_current', help, () => Number(areManifestsCurrent()), 'min');
      }
      if (isRedisUp) {
        const read = async () => Number(await isRedisUp());
        add('frontdesk_redis_up', '1 if Redis responds, otherwise 0.', read, 'min');
      }
      if (isSynced) {
        const help = '1 if the purges of the other replicas are known, otherwise 0.';
        add('frontdesk_replica_synced', help, () => Number(isSynced()), 'min');
      }
    },
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Creates the metrics of a primary, which has the admin listener of its workers. */
export function createPrimaryMetrics() {
  const registry = new Registry();
  addProcessMetrics({ registry });
  return {
    registry,
    countPurge: createPurgeMetrics(registry),
    edgePurgeCounter: createEdgePurgeMetrics(registry),
  };
}

/** Adds the metrics of the process: event loop, garbage collection, memory and its limits, CPU, descriptors. */
export function addProcessMetrics({ registry }: Pick<Metrics, 'registry'>): void {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'frontdesk_last_start_time_seconds',
    help: 'Start of the process, or of its newest worker, in seconds since the epoch.',
    aggregator: 'max',
    registers,
  }).set(Date.now() / 1_000 - process.uptime());
  new Gauge({
    name: 'frontdesk_memory_limit_bytes',
    help: 'Memory that the process may use: that of its control group, or of the machine.',
    // Workers share it.
    aggregator: 'max',
    registers,
  }).set(Math.min(process.constrainedMemory() || Infinity, totalmem()));
  new Gauge({
    name: 'frontdesk_heap_limit_bytes',
    help: 'Size of the heap above which Node ends the process.',
    aggregator: 'max',
    registers,
  }).set(getHeapStatistics().heap_size_limit);
}
