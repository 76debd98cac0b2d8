import type { AddressInfo } from 'node:net';
import type { BffDefinition } from '../../../src/bff.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import { STAND_INS } from '../../support/services.ts';
import type { Loss, Target } from './table.ts';

/** So that nothing but what is lost depends on how fast the machine is. */
const LONG_MS = '60000';

export const isSlow = ({ code }: Loss): boolean => code === 'UPSTREAM_TIMEOUT';

export const startEnvironmentFor = (bff: BffDefinition): Promise<Environment> =>
  startEnvironment(bff, { REQUEST_DEADLINE_MS: LONG_MS, UPSTREAM_ATTEMPT_TIMEOUT_MS: LONG_MS });

/**
 * What is asked during the loss has these headers.
 * @param wholeMs - how long the healthy answers took, so that the parts that are not lost have ample
 *   time on a slow machine, too
 */
export const headersDuring = (loss: Loss, wholeMs: number): Record<string, string> =>
  isSlow(loss) ? { 'x-request-timeout-ms': String(Math.ceil(Math.max(1_000, 5 * wholeMs))) } : {};

/** @returns what ends the loss */
export async function lose(environment: Environment, target: Target, { fault }: Loss) {
  const [name, operation = '*'] = target.split('.') as [keyof Environment['services'], string?];
  if (fault) {
    environment.services[name].control.faults({ [operation]: fault });
    return async () => environment.services[name].control.clear();
  }
  const { port } = environment.services[name].server.address() as AddressInfo;
  await environment.services[name].close();
  return async () => {
    const fresh = await STAND_INS[name]();
    await fresh.listen({ host: '127.0.0.1', port });
    Object.assign(environment.services, { [name]: fresh });
  };
}
