import type { BffDefinition } from '../../src/bff.ts';
import { startEnvironment } from '../support/environment.ts';
import { startProcess } from './bff-process.ts';
import { isFull } from './mode.ts';
import type { Vitals } from './process-metrics.ts';
import { takeCalls } from './service-calls.ts';

/** One BFF under attack. */
export interface Desk extends AsyncDisposable {
  readonly endpoint: string;
  readonly url: string;
  readonly adminUrl: string;
  /** How many requests the services have seen since the last time. */
  readonly takeCalls: () => number;
  /** How the process does; undefined if it is also the attacker's, so that it would not tell. */
  readonly vitals: () => Promise<Vitals | undefined>;
  readonly isAlive: () => boolean;
}

/** A process of its own in the full form; in this process, which starts sooner, in the short one. */
export async function startDesk(bff: BffDefinition, env: NodeJS.ProcessEnv = {}): Promise<Desk> {
  if (isFull) return startProcess(bff, env);
  const environment = await startEnvironment(bff, { CACHE_MEMORY_MB: '64', ...env });
  return {
    ...environment,
    takeCalls: () => takeCalls(environment.services),
    vitals: async () => undefined,
    isAlive: () => environment.app.server.listening,
  };
}
