/*
 * Property: compilation, batching and the cache change no response. Every response of a BFF is the one
 * of the reference (reference.ts): graphql-js alone on the same schema, with a call of a service for
 * each key of each field.
 *
 * A case is three generated documents (documents.ts; the first selects a given field), up to four
 * requests for them as different viewers (viewers.ts) over different transports, sent concurrently
 * three times, and sometimes a mutation followed by the same requests (cases.ts, runner.ts). A second
 * test runs cases while a service fails (faults.ts).
 *
 * `npm test` runs one case for each field that returns objects, with a fixed seed; `npm run
 * test:differential` runs DIFFERENTIAL_RUNS=20 cases for every field with a random seed. A failure
 * prints its seed: `SEED=<number> npm run test:differential` replays it, `FIELD=Type.field` one field.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type GraphQLSchema, getNamedType, isObjectType } from 'graphql';
import type { BffDefinition } from '../../../src/bff.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import { seededIds } from '../../cache/equivalence/domains/index.ts';
import { committedOf } from '../../support/committed.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import { createCaseGenerator } from './cases.ts';
import { createCoverage } from './coverage.ts';
import { generatedFaults } from './faults.ts';
import { createRunner } from './runner.ts';
import { createViewers } from './viewers.ts';

const { DIFFERENTIAL_RUNS, SEED, FIELD } = process.env;
/** Cases for each field; 0 for the short form. */
const RUNS = Number(DIFFERENTIAL_RUNS || 0);
/** Cases with a fault for each BFF. */
const FAULT_RUNS = Math.max(1, 4 * RUNS);
const SHORT_FORM_SEED = 1;
const seed = Number(SEED || (RUNS > 0 ? randomInt(2 ** 31) : SHORT_FORM_SEED));
/** Minimum share of responses without errors. */
const MIN_WITHOUT_ERRORS = 0.25;
/** Time limit for shrinking a failing case. */
const SHRINKING_MS = 30_000;
/** On a slow machine, a BFF must not time out where the reference does not. */
const TIMEOUTS = { REQUEST_DEADLINE_MS: '60000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000' };

const ids = await seededIds();

for (const bff of await Promise.all(bffNames().map(loadBff))) {
  const { upstreams } = bff;
  const schema = buildSchema(bff);
  const committed = committedOf(bff).requests;

  describe(`The ${bff.name} BFF`, () => {
    it('responds as graphql-js does with a call for each key', async (t) => {
      await using authentication = await createViewers(bff);
      await using environment = await startEnvironmentFor(bff, authentication.env);
      const { viewers } = authentication;
      const options = { schema, committed, ids, viewers: viewers.length };
      const { fields, casesFor } = createCaseGenerator(options);
      const coverage = createCoverage();
      const runner = createRunner({ environment, schema, upstreams, viewers, coverage });

      const isWanted = (field: string) =>
        FIELD ? field === FIELD : RUNS > 0 || returnsObjects(schema, field);

      for (const [index, field] of fields.entries()) {
        if (!isWanted(field)) continue;
        await check(field, casesFor(field), seed + index, RUNS || 1, runner.run);
      }

      t.diagnostic(`SEED=${seed}: ${coverage.summary()}`);
      t.diagnostic(`selected fields: ${coverage.fieldSummary(fields)}`);
      // The cases of the short form, or of one field, may be one-sided.
      if (RUNS === 0 || FIELD) return;
      const { responses, withoutErrors } = coverage.counts;
      assert.ok(
        withoutErrors >= MIN_WITHOUT_ERRORS * responses,
        `only ${withoutErrors} of ${responses} responses have no errors`,
      );
      const rare = fields.filter((field) => coverage.selectionsOf(field) < RUNS);
      assert.deepEqual(rare, [], `fields selected fewer than ${RUNS} times`);
    });

    it('responds as graphql-js does while a service fails, and after it', async (t) => {
      await using authentication = await createViewers(bff);
      const { viewers, env } = authentication;
      const coverage = createCoverage();
      const options = { schema, committed, ids, viewers: viewers.length };
      const { casesFor } = createCaseGenerator(options);
      const cases = fc.tuple(casesFor(), generatedFaults);

      await check('faults', cases, seed, FAULT_RUNS, async ([generated, fault]) => {
        // Breakers keep their state, so each case needs an environment of its own.
        await using environment = await startEnvironmentFor(bff, env);
        const runner = createRunner({ environment, schema, upstreams, viewers, coverage });
        await runner.runWithFault(generated, fault);
      });

      t.diagnostic(`SEED=${seed}: ${coverage.summary()}`);
      if (RUNS < 5) return;
      assert.ok(coverage.hasCode('UPSTREAM_UNAVAILABLE'), 'no fault had an effect');
    });
  });
}

/** @throws AssertionError with the seed and the smallest failure that was found */
async function check<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  seedOfCases: number,
  numRuns: number,
  run: (value: T) => Promise<void>,
): Promise<void> {
  let shrinkUntil = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(fc.noBias(cases), async (value) => {
    if (performance.now() > shrinkUntil) return;
    try {
      await run(value);
    } catch (error) {
      shrinkUntil = Math.min(shrinkUntil, performance.now() + SHRINKING_MS);
      throw error;
    }
  });
  const result = await fc.check(property, { seed: seedOfCases, numRuns });
  if (!result.failed) return;
  const { message } = result.errorInstance as Error;
  assert.fail(`SEED=${seed}, ${name}, shrunk ${result.numShrinks} times: ${message}`);
}

const startEnvironmentFor = (bff: BffDefinition, env: NodeJS.ProcessEnv): Promise<Environment> =>
  startEnvironment(bff, { CACHE_MEMORY_MB: '64', ...TIMEOUTS, ...env });

function returnsObjects(schema: GraphQLSchema, fieldName: string): boolean {
  const [typeName = '', field = ''] = fieldName.split('.');
  const type = schema.getType(typeName);
  return isObjectType(type) && isObjectType(getNamedType(type.getFields()[field]?.type));
}
