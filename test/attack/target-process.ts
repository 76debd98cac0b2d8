import type { BffDefinition } from '../../src/bff.ts';
import { startBffProcess } from '../support/bff-process.ts';
import { METRICS_PRELOAD, type ProcessMetrics } from './process-metrics.ts';
import { takeCallCount } from './service-calls.ts';

/** A BFF as a process, so that it can die, hold up its event loop and take memory by itself. */
export async function startTargetProcess(bff: BffDefinition, env: NodeJS.ProcessEnv = {}) {
  const bffProcess = await startBffProcess(bff, {
    env: { LOG_LEVEL: 'fatal', ...env },
    preload: METRICS_PRELOAD,
  });
  return {
    ...bffProcess,
    takeCallCount: () => takeCallCount(bffProcess.services),

    /** How the process does; and the delays of its event loop are measured anew. */
    metrics: (): Promise<ProcessMetrics> => bffProcess.request('?'),
  };
}
