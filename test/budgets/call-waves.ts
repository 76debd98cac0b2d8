import type { BffDefinition } from '../../src/bff.ts';
import { type GatedEnvironment, startGatedEnvironment } from '../cache/environment.ts';
import type { TestResponse } from '../support/environment.ts';
import { until } from '../support/until.ts';
import { untilQuiet } from '../support/until-quiet.ts';
import type { Waves } from './call-budgets.ts';

/** All but the tokens' keys, which are no request's own. */
const ALL = /^\/(?!\.well-known)/;

/** A BFF that keeps nothing, in front of services whose answers can be kept back. */
export const startDesk = (bff: BffDefinition): Promise<GatedEnvironment> =>
  startGatedEnvironment(bff, { CACHE_MEMORY_MB: '0' });

/**
 * Sends one request, and keeps back what the services answer until all calls are made that need none
 * of these answers: those are a wave, however fast or slow the machine is.
 * @param expected - decides only how patiently a call that is missing is waited for
 */
export async function countWaves(
  desk: GatedEnvironment,
  send: () => Promise<TestResponse>,
  expected: Waves = [],
) {
  const waves: string[][] = [];
  let [seen, isAnswered] = [0, false];
  const answered = () => {
    isAnswered = true;
  };
  desk.reset();
  let held = holdAll(desk);
  const sent = send();
  sent.then(answered, answered);
  try {
    for (;;) {
      await until(() => isAnswered || desk.calls().length > seen);
      await untilQuiet(desk, seen + (expected[waves.length]?.length ?? 0));
      const wave = desk.calls().slice(seen);
      if (wave.length === 0) return { answer: await sent, waves };
      await until(() => held.count() === wave.length);
      waves.push(wave.map(({ operation }) => operation));
      seen += wave.length;
      const answers = held;
      held = holdAll(desk);
      answers.letGo();
    }
  } finally {
    held.letGo();
  }
}

function holdAll({ gates }: GatedEnvironment) {
  const holds = Object.values(gates).map((gate) => gate.hold(ALL));
  return {
    count: () => holds.reduce((sum, hold) => sum + hold.count(), 0),
    letGo() {
      for (const hold of holds) hold.release();
    },
  };
}
