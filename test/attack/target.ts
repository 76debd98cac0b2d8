import type { BffDefinition } from '../../src/bff.ts';
import { startEnvironment } from '../support/environment.ts';
import { isFull } from './mode.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { takeCallCount } from './service-calls.ts';
import { startTargetProcess } from './target-process.ts';

/** One BFF under attack. */
export interface Target extends AsyncDisposable {
  readonly endpoint: string;
  readonly url: string;
  readonly adminUrl: string;
  /** How many requests the services have seen since the last time. */
  readonly takeCallCount: () => number;
  /** How the process does; undefined if it is also the attacker's, so that it would not tell. */
  readonly metrics: () => Promise<ProcessMetrics | undefined>;
  readonly isAlive: () => boolean;
}

/** A process of its own in the full form; in this process, which starts sooner, in the short one. */
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
