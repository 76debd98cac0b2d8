import { AggregatorRegistry, type Registry } from 'prom-client';

/** The metrics of one process, as plain data. */
export type ProcessMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/**
 * Combines the metrics of several processes: counts are added, and gauges too unless their definition
 * says otherwise.
 * @returns the text format of Prometheus
 */
export const aggregateMetrics = (processes: readonly ProcessMetrics[]): Promise<string> =>
  AggregatorRegistry.aggregate([...processes]).metrics();
