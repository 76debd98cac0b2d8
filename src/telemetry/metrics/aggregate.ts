import { AggregatorRegistry, type Registry } from 'prom-client';
import { BoundedLabel, MAX_CLIENTS, OTHER } from './label.ts';

/** The metrics of one process, as plain data. */
export type ProcessMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

type Metric = ProcessMetrics[number];

/**
 * The aggregators of metrics that prom-client declares otherwise. What is limited for each process: the
 * highest value of all of them counts, because a sum or a mean hides the one that is in trouble. The
 * start of several processes is that of the first one.
 */
const AGGREGATORS: readonly (readonly [names: RegExp, aggregator: 'max' | 'min'])[] = [
  [/^(nodejs_eventloop_lag_|nodejs_heap_size_|process_(open|max)_fds$)/, 'max'],
  [/^process_start_time_seconds$/, 'min'],
];

const aggregate = (processes: readonly ProcessMetrics[]): Registry =>
  AggregatorRegistry.aggregate(processes.map((metrics) => metrics.map(withAggregator)));

function withAggregator(metric: Metric): Metric {
  const [, aggregator] = AGGREGATORS.find(([names]) => names.test(metric.name)) ?? [];
  return aggregator ? { ...metric, aggregator } : metric;
}

/**
 * Combines the metrics of several processes: counts are added, and gauges too, except those of which the
 * highest or the lowest counts.
 * @returns the text format of Prometheus
 */
export const aggregateMetrics = (processes: readonly ProcessMetrics[]): Promise<string> =>
  aggregate(processes).metrics();

/** prom-client has an enum for its types, but gives them as strings. */
const isCount = ({ type }: Metric): boolean => ['counter', 'histogram'].includes(String(type));

/**
 * The counters and histograms of processes that have ended, added up, so that sums over all processes
 * never decrease. Each process bounds the names of clients for itself; here they are bounded again,
 * because the next process may know other ones.
 */
export class EndedCounts {
  /** By the name of the metric. */
  readonly #clients = new Map<string, BoundedLabel>();
  #counts: ProcessMetrics = [];

  get counts(): ProcessMetrics {
    return this.#counts;
  }

  /** Adds the counts of a process; its gauges are dropped. */
  add(metrics: ProcessMetrics): void {
    const counts = metrics.filter(isCount).map((metric) => this.#boundClients(metric));
    // The metrics of an aggregated registry have values, unlike their type.
    this.#counts = aggregate([this.#counts, counts]).getMetricsAsArray() as ProcessMetrics;
  }

  #boundClients(metric: Metric): Metric {
    const known = this.#clients.get(metric.name) ?? new BoundedLabel(MAX_CLIENTS);
    this.#clients.set(metric.name, known);
    const values = metric.values.map((sample) => {
      const { client, version } = sample.labels;
      if (client === undefined || known.valueOf(`${client} ${version}`) !== OTHER) return sample;
      const hidden = { client: OTHER, ...(version !== undefined && { version: OTHER }) };
      return { ...sample, labels: { ...sample.labels, ...hidden } };
    });
    return { ...metric, values };
  }
}
