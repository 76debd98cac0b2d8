import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addProcessMetrics, aggregateMetrics } from '../../src/telemetry/metrics/index.ts';
import { createTestMetrics } from '../support/metrics.ts';

/** The metrics of a process that started at this time. */
async function metricsOf(startedAt: number) {
  const metrics = createTestMetrics();
  addProcessMetrics(metrics);
  const collected = await metrics.registry.getMetricsAsJSON();
  return collected.map((metric) =>
    metric.name === 'process_start_time_seconds'
      ? { ...metric, values: [{ value: startedAt, labels: {} }] }
      : metric,
  );
}

describe('The metrics of several processes', () => {
  it('have the start of the first one', async () => {
    const text = await aggregateMetrics([await metricsOf(1_500), await metricsOf(500)]);
    assert.match(text, /^process_start_time_seconds 500$/m);
  });
});
