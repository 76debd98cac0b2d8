import type { BffDefinition } from '../../src/bff.ts';
import type { UpstreamTable } from '../../src/datasources/upstreams.ts';
import { startGatedEnvironment } from '../cache/environment.ts';
import type { ResponseGate } from '../cache/response-gate.ts';
import type { AnyEnvironment, TestResponse } from '../support/environment.ts';
import { until } from '../support/until.ts';
import { untilQuiet } from '../support/until-quiet.ts';
import type { Waves } from './call-budgets.ts';

/** All calls but those for the keys of tokens, which no request causes. */
const ALL = /^\/(?!\.well-known)/;

export type CountedEnvironment = Pick<AnyEnvironment, 'send' | 'calls' | 'reset'> & {
  readonly gates: Readonly<Record<string, ResponseGate>>;
};

/** Starts a BFF without a cache, in front of services whose responses can be held back. */
export const startUncached = <U extends UpstreamTable>(bff: BffDefinition<U>) =>
  startGatedEnvironment(bff, { CACHE_MEMORY_MB: '0' });

/**
 * Sends one request and counts its waves: the responses of the services are held back until every call
 * that needs none of them has arrived, so the speed of the machine does not matter.
 * @param expected - only affects how long a missing call is waited for
 */
export async function countWaves(
  environment: CountedEnvironment,
  send: () => Promise<TestResponse>,
  expected: Waves = [],
) {
  const waves: string[][] = [];
  let [seen, isSettled] = [0, false];
  const settle = () => {
    isSettled = true;
  };
  environment.reset();
  let held = holdResponses(environment);
  const sent = send();
  sent.then(settle, settle);
  try {
    for (;;) {
      await until(() => isSettled || environment.calls().length > seen);
      await untilQuiet(environment, seen + (expected[waves.length]?.length ?? 0));
      const wave = environment.calls().slice(seen);
      if (wave.length === 0) return { response: await sent, waves };
      await until(() => held.count() === wave.length);
      waves.push(wave.map(({ operation }) => operation));
      seen += wave.length;
      const complete = held;
      held = holdResponses(environment);
      complete.release();
    }
  } finally {
    held.release();
  }
}

function holdResponses({ gates }: CountedEnvironment) {
  const holds = Object.values(gates).map((gate) => gate.hold(ALL));
  return {
    count: () => holds.reduce((sum, hold) => sum + hold.count(), 0),
    release() {
      for (const hold of holds) hold.release();
    },
  };
}
