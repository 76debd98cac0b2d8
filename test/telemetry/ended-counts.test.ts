import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aggregateMetrics, EndedCounts } from '../../src/telemetry/metrics/index.ts';
import { RequestRecord } from '../../src/telemetry/request-record.ts';
import { createTestMetrics } from '../support/metrics.ts';

const CLIENTS = 32;

/** The metrics of a process in which each client has sent one request. */
function metricsOf(clients: readonly string[]) {
  const { requests, registry } = createTestMetrics();
  for (const client of clients) {
    const record = new RequestRecord();
    record.viewer = 'customer';
    requests.observe({ record, status: 200, durationMs: 1, client, clientVersion: '1' });
  }
  return registry.getMetricsAsJSON();
}

describe('The counts of processes that have ended', () => {
  it('keep the sums of all of them, and a limited number of clients', async () => {
    const ended = new EndedCounts();
    for (let process = 0; process < 5; process++) {
      const clients = Array.from({ length: CLIENTS - 2 }, (_, n) => `${process}-${n}`);
      ended.add(await metricsOf(['app', ...clients]));
    }
    const text = await aggregateMetrics([await metricsOf(['app']), ended.counts]);
    const samples = text.match(/^frontdesk_requests_total.+$/gm) ?? [];
    assert.equal(samples.length, CLIENTS + 1);
    const counts = samples.map((sample) => Number(sample.split(' ').at(-1)));
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      5 * (CLIENTS - 1) + 1,
    );
    const app = samples.find((sample) => sample.includes('client="app"'));
    assert.match(String(app), / 6$/);
    assert.match(text, /^frontdesk_request_duration_seconds_count\S* 156$/m);
  });
});
