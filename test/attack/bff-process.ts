import type { BffDefinition } from '../../src/bff.ts';
import { startBffProcess } from '../support/bff-process.ts';
import { PRELOADED, type Vitals } from './process-metrics.ts';
import { takeCalls } from './service-calls.ts';

/** A BFF as a process, so that it can die, hold up its event loop and take memory by itself. */
export async function startProcess(bff: BffDefinition, env: NodeJS.ProcessEnv = {}) {
  const bffProcess = await startBffProcess(bff, {
    env: { LOG_LEVEL: 'fatal', ...env },
    preload: PRELOADED,
  });
  return {
    ...bffProcess,
    takeCalls: () => takeCalls(bffProcess.services),

    /** How the process does; and the delays of its event loop are measured anew. */
    vitals: (): Promise<Vitals> => bffProcess.request('?'),
  };
}
