import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  addProcessMetrics,
  aggregateMetrics,
  type ProcessMetrics,
} from '../../src/telemetry/metrics/index.ts';
import { createTestMetrics } from '../support/metrics.ts';

interface Values {
  readonly connections: number;
  readonly certificateExpiry: number;
  readonly areManifestsCurrent: boolean;
  readonly isRedisUp: boolean;
  readonly startedAt: number;
}

/** The metrics of a process with these values. */
async function metricsOf(values: Values): Promise<ProcessMetrics> {
  const metrics = createTestMetrics();
  addProcessMetrics(metrics);
  metrics.addGauges({
    cacheBytes: () => 0,
    cacheEntries: () => 0,
    connections: async () => values.connections,
    certificateExpiry: () => values.certificateExpiry,
    areManifestsCurrent: () => values.areManifestsCurrent,
    isSynced: () => false,
    isRedisUp: async () => values.isRedisUp,
  });
  const collected = await metrics.registry.getMetricsAsJSON();
  return collected.map((metric) =>
    metric.name === 'process_start_time_seconds'
      ? { ...metric, values: [{ value: values.startedAt, labels: {} }] }
      : metric,
  );
}

describe('The metrics of several processes', () => {
  it('are sums, the earliest expiry and start, and 0 for Redis and manifests if one process has lost them', async () => {
    const common = {
      connections: 2,
      certificateExpiry: 2_000,
      areManifestsCurrent: true,
      isRedisUp: true,
      startedAt: 1_500,
    };
    const text = await aggregateMetrics([
      await metricsOf(common),
      await metricsOf({
        connections: 3,
        certificateExpiry: 1_000,
        areManifestsCurrent: false,
        isRedisUp: false,
        startedAt: 500,
      }),
      await metricsOf(common),
    ]);
    const read = (name: string) => Number(new RegExp(`^${name} (.+)`, 'm').exec(text)?.[1]);
    assert.equal(read('frontdesk_connections'), 7);
    assert.equal(read('frontdesk_certificate_expiry_timestamp_seconds'), 1_000);
    assert.equal(read('frontdesk_redis_up'), 0);
    assert.equal(read('frontdesk_manifests_current'), 0);
    assert.equal(read('process_start_time_seconds'), 500);
  });
});
