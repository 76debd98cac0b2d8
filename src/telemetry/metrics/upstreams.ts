import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { UpstreamCall } from '../upstream-call.ts';

const DURATION_BUCKETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const COUNT_BUCKETS = [1, 2, 5, 10, 20, 50, 100];
export const CIRCUIT_STATES = ['closed', 'half-open', 'open', 'isolated'] as const;

/** The state of an operation of an upstream, read when metrics are collected. */
export interface OperationState {
  readonly upstream: string;
  readonly operation: string;
  readonly circuit: () => (typeof CIRCUIT_STATES)[number];
  /** The maximum number of calls in flight; undefined if the operation has none. */
  readonly concurrencyLimit?: () => number;
}

export interface UpstreamMetrics {
  readonly observeCall: (call: UpstreamCall) => void;
  readonly countRetry: (upstream: string) => void;
  readonly watch: (state: OperationState) => void;
}

/** Creates the metrics of upstream calls. */
export function createUpstreamMetrics(registry: Registry): UpstreamMetrics {
  const registers = [registry];
  const operationLabels = ['upstream', 'operation'] as const;
  const states: OperationState[] = [];

  const calls = new Counter({
    name: 'frontdesk_upstream_calls_total',
    help: 'Upstream calls, by outcome: ok, or the kind of failure.',
    labelNames: [...operationLabels, 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'frontdesk_upstream_call_duration_seconds',
    help: 'Duration of upstream calls.',
    labelNames: operationLabels,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const batches = new Histogram({
    name: 'frontdesk_upstream_batch_keys',
    help: 'Keys in one upstream call, for operations that take several.',
    labelNames: operationLabels,
    buckets: COUNT_BUCKETS,
    registers,
  });
  const sharing = new Histogram({
    name: 'frontdesk_upstream_call_requests',
    help: 'Requests that share one upstream call.',
    labelNames: operationLabels,
    buckets: COUNT_BUCKETS,
    registers,
  });
  const retries = new Counter({
    name: 'frontdesk_upstream_retries_total',
    help: 'Attempts of reads after the first one.',
    labelNames: ['upstream'],
    registers,
  });
  new Gauge({
    name: 'frontdesk_upstream_circuit_state',
    help: '1 for the current state of the circuit of an operation, 0 for the others.',
    labelNames: [...operationLabels, 'state'],
    registers,
    collect() {
      for (const { upstream, operation, circuit } of states) {
        const current = circuit();
        for (const state of CIRCUIT_STATES) {
          this.set({ upstream, operation, state }, state === current ? 1 : 0);
        }
      }
    },
  });
  new Gauge({
    name: 'frontdesk_upstream_concurrency_limit',
    help: 'Calls of an operation in flight above which keys are collected for the next call.',
    labelNames: operationLabels,
    registers,
    collect() {
      for (const { upstream, operation, concurrencyLimit } of states) {
        if (concurrencyLimit) this.set({ upstream, operation }, concurrencyLimit());
      }
    },
  });

  return {
    observeCall({ upstream, operation, keys, requests, startedAt, endedAt, outcome = 'ok' }) {
      const labels = { upstream, operation };
      calls.inc({ upstream, operation, outcome });
      durations.observe(labels, ((endedAt ?? startedAt) - startedAt) / 1_000);
      if (keys !== undefined) batches.observe(labels, keys);
      sharing.observe(labels, requests);
    },
    countRetry: (upstream) => retries.inc({ upstream }),
    watch: (state) => states.push(state),
  };
}
