import { createMetrics } from '../../src/telemetry/metrics/index.ts';

/** Creates metrics for parts that are tested without a server. */
export const createTestMetrics = () =>
  createMetrics({
    isCommitted: () => false,
    isTrusted: () => true,
    isDeprecated: () => false,
  });
