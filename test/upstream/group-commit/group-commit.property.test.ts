import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { CALLERS, createModel, type Model } from './model.ts';
import { CALL_KINDS, KEYS, LANES, OUTCOMES } from './upstream-model.ts';

/**
 * Property: whatever happens in between, a load through the batcher or the coalescer has the result
 * that a call for its one key would have had. It gets the value of its own key and lane, which includes
 * every write that ended before it began, or an error that a call of its own caused; and no call is
 * sent, kept or aborted against the interest of a caller.
 *
 * Cases: sequences of commands (loads in bursts, callers that leave, writes, outcomes of open calls,
 * turns of the event loop) for random limits and bad keys. The model (model.ts) runs the real batcher
 * and coalescer in front of a model of an upstream (upstream-model.ts), and checks each call and result.
 *
 * Replay: fast-check prints the seed and the path of a failure; pass both to `fc.assert` below.
 */
const RUNS = 3_000;

interface Step {
  readonly run: (model: Model) => unknown;
  readonly name: string;
}

const toCommand = ({ run, name }: Step): fc.AsyncCommand<object, Model> => ({
  check: () => true,
  async run(_, model) {
    await run(model);
    model.check();
  },
  toString: () => name,
});

const key = fc.constantFrom(...KEYS);
const caller = fc.nat({ max: CALLERS - 1 });
const kind = fc.constantFrom(...CALL_KINDS);
/** The first lane in most cases, so that many loads share it. */
const lane = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: LANES.length - 1 }));

const load = fc.tuple(caller, kind, key, lane).map((parameters) => ({
  run: (model: Model) => model.load(...parameters),
  name: `load ${parameters.join(' ')}`,
}));
const leave = caller.map((index) => ({
  run: (model: Model) => model.leave(index),
  name: `leave ${index}`,
}));
/** Several steps in one turn of the event loop. */
const burst = fc
  .array(fc.oneof({ weight: 4, arbitrary: load }, leave), { maxLength: 10, size: 'max' })
  .map((steps) => ({
    run: (model: Model) => steps.map(({ run }) => run(model)),
    name: `[${steps.map(({ name }) => name).join(', ')}]`,
  }));
const beginWrite = key.map((written) => ({
  run: (model: Model) => model.beginWrite(written),
  name: `beginWrite ${written}`,
}));
const endWrite = fc.constant({ run: (model: Model) => model.endWrite(), name: 'endWrite' });
const outcome = fc.constantFrom('respond', ...OUTCOMES);
const settle = fc.tuple(fc.nat({ max: 7 }), outcome).map((parameters) => ({
  run: (model: Model) => model.settle(...parameters),
  name: `settle ${parameters.join(' ')}`,
}));
const pass = fc.constant({ run: () => turn(), name: 'turn' });

const steps = [burst, burst, leave, beginWrite, endWrite, settle, settle, pass, pass];
const commands = fc.commands<object, Model, false>(
  steps.map((step: fc.Arbitrary<Step>) => step.map(toCommand)),
  { maxCommands: 40, size: 'max' },
);
const setup = fc.record({
  limit: fc.integer({ min: 1, max: 3 }),
  maxKeys: fc.integer({ min: 1, max: 5 }),
  halvings: fc.constantFrom(0, 1, 1_000),
  badKeys: fc.subarray(KEYS, { maxLength: 2 }),
  finalOutcome: outcome,
});

describe('Group commit and coalescing', () => {
  it('give each load the result of a call for its key alone, whatever happens in between', async () => {
    const unhandled: unknown[] = [];
    const record = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', record);
    const property = fc.asyncProperty(setup, commands, async (given, sequence) => {
      using model = createModel(given);
      await fc.asyncModelRun(() => ({ model: {}, real: model }), sequence);
      await model.drain();
      assert.deepEqual(unhandled, []);
    });
    await fc.assert(property, { numRuns: RUNS });
    process.off('unhandledRejection', record);
  });
});
