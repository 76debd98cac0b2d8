import type { BffDefinition } from '../../src/bff.ts';
import { startEnvironment } from '../support/environment.ts';
import { isFull } from './mode.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { takeCallCount } from './service-calls.ts';
import { startTargetProcess } from './target-process.ts';

/** A BFF under attack. */
export interface Target extends AsyncDisposable {
  readonly endpoint: string;
  readonly url: string;
  readonly adminUrl: string;
  /** Counts the requests that the services have received since the last call. */
  readonly takeCallCount: () => number;
  /** The metrics of its process; undefined if it shares the process of the attacker. */
  readonly metrics: () => Promise<ProcessMetrics | undefined>;
  readonly isAlive: () => boolean;
}

/** Starts a BFF: in the full mode as a process of its own, in the short mode in this process, which is faster. */
export async function startTarget(
  bff: BffDefinition,
  env: NodeJS.ProcessEnv = {},
): Promise<Target> {
  if (isFull) return startTargetProcess(bff, env);
  const environment = await startEnvironment(bff, { CACHE_MEMORY_MB: '64', ...env });
  return {
    ...environment,
    takeCallCount: () => takeCallCount(environment.services),
    metrics: async () => undefined,
    isAlive: () => environment.app.server.listening,
  };
}
