import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { type Model, openModel, REQUESTS } from './model.ts';
import { FATES, KEYS, LANES, WAYS } from './upstream-model.ts';

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
const request = fc.nat({ max: REQUESTS - 1 });
const way = fc.constantFrom(...WAYS);
/** Most often the first, so that many share it. */
const lane = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: LANES.length - 1 }));

const question = fc.tuple(request, way, key, lane);
const ask = question.map((asked) => ({
  run: (model: Model) => model.ask(...asked),
  name: `ask ${asked.join(' ')}`,
}));
const leave = request.map((at) => ({
  run: (model: Model) => model.leave(at),
  name: `leave ${at}`,
}));
/** Much at once, without a pause in which something could be settled. */
const burst = fc
  .array(fc.oneof({ weight: 4, arbitrary: ask }, leave), { maxLength: 10, size: 'max' })
  .map((parts) => ({
    run: (model: Model) => parts.map(({ run }) => run(model)),
    name: `[${parts.map(({ name }) => name).join(', ')}]`,
  }));
const beginWrite = key.map((written) => ({
  run: (model: Model) => model.beginWrite(written),
  name: `beginWrite ${written}`,
}));
const endWrite = fc.constant({ run: (model: Model) => model.endWrite(), name: 'endWrite' });
const tell = fc.tuple(fc.nat({ max: 7 }), fc.constantFrom('answer', ...FATES)).map((told) => ({
  run: (model: Model) => model.tell(...told),
  name: `tell ${told.join(' ')}`,
}));
const pass = fc.constant({ run: () => turn(), name: 'turn' });

const steps = [burst, burst, leave, beginWrite, endWrite, tell, tell, pass, pass];
const commands = fc.commands<object, Model, false>(
  steps.map((step: fc.Arbitrary<Step>) => step.map(toCommand)),
  { maxCommands: 40, size: 'max' },
);
const setup = fc.record({
  limit: fc.integer({ min: 1, max: 3 }),
  maxKeys: fc.integer({ min: 1, max: 5 }),
  halvings: fc.constantFrom(0, 1, 1_000),
  poison: fc.subarray(KEYS, { maxLength: 2 }),
  end: fc.constantFrom('answer', ...FATES),
});

describe('group commit and coalescing', () => {
  it('answer as one call for each key would, whatever happens in between', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const property = fc.asyncProperty(setup, commands, async (given, steps) => {
      using model = openModel(given);
      await fc.asyncModelRun(() => ({ model: {}, real: model }), steps);
      await model.drain();
      assert.deepEqual(unhandled, []);
    });
    await fc.assert(property, { numRuns: RUNS });
    process.off('unhandledRejection', note);
  });
});
