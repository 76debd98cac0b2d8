import type { BffDefinition } from '../../src/bff.ts';
import { startBffProcess } from '../support/bff-process.ts';
import { METRICS_PRELOAD, type ProcessMetrics } from './process-metrics.ts';
import { takeCallCount } from './service-calls.ts';

/**
 * Starts a BFF as a process of its own, so that its crashes, its event loop and its memory are not
 * those of the attacker.
 */
export async function startTargetProcess(bff: BffDefinition, env: NodeJS.ProcessEnv = {}) {
  const bffProcess = await startBffProcess(bff, {
    env: { LOG_LEVEL: 'fatal', ...env },
    preload: METRICS_PRELOAD,
  });
  return {
    ...bffProcess,
    takeCallCount: () => takeCallCount(bffProcess.services),

    /** Measures the process, and resets the delay of its event loop. */
    metrics: (): Promise<ProcessMetrics> => bffProcess.request('measure'),
  };
}
