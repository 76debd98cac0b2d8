import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type GraphQLSchema, getNamedType, isObjectType } from 'graphql';
import { createOrderService } from '../../../services/order/service.ts';
import { CAST } from '../../../services/support/cast.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import { loadCommittedOperations } from '../../../src/operations/index.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import { createGroups } from './cases.ts';
import { createTally } from './coverage.ts';
import { faultsOf } from './faults.ts';
import { openTrial } from './runner.ts';
import { gatherAskers } from './viewers.ts';

/**
 * How many groups of asks there are about each field; without it there is one about each field that
 * gives objects, and the others come along. `npm run test:differential` has many.
 */
const RUNS = Number(process.env.DIFFERENTIAL_RUNS || 0);
/** How many groups of each BFF are asked while something is wrong with the services. */
const STRUCK_RUNS = Math.max(1, 4 * RUNS);
/**
 * What decides all that is random, the same each time in the short form; `SEED=<number>` repeats a
 * run, `FIELD=Type.field` a part of it.
 */
const SEED = Number(process.env.SEED || (RUNS > 0 ? randomInt(2 ** 31) : 1));
const { FIELD } = process.env;
/** The share of answers without errors. */
const LEAST_GOOD = 0.25;
/** How long a failure is made smaller. */
const SHRINKING_MS = 30_000;
/** So that nothing depends on how fast the machine is. */
const PATIENT = { REQUEST_DEADLINE_MS: '60000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000' };

const orderIds = await seededOrders();

for (const bff of await Promise.all(bffNames().map(loadBff))) {
  const schema = buildSchema(bff);
  const committed = loadCommittedOperations(bff.operations, schema);

  suite(`operations of the ${bff.name} BFF, compiled, batched and cached`, () => {
    test('answer what graphql-js by itself does, with a call for each key', async (t) => {
      await using asking = await gatherAskers(bff);
      await using environment = await startEnvironmentFor(bff, asking.env);
      const { askers } = asking;
      const options = { schema, committed, orderIds, askers: askers.length };
      const { fields, groups } = createGroups(options);
      const tally = createTally();
      const trial = openTrial({ environment, schema, askers, tally });

      const isWanted = (field: string) =>
        FIELD ? field === FIELD : RUNS > 0 || givesObjects(schema, field);

      for (const [at, field] of fields.entries()) {
        if (!isWanted(field)) continue;
        await check(field, groups(field), SEED + at, RUNS || 1, (group) => trial.ask(group));
      }

      t.diagnostic(`SEED=${SEED}: ${tally.tell()}`);
      t.diagnostic(`fields drawn: ${tally.tellFields(fields)}`);
      // Few draws may be one-sided.
      if (RUNS === 0 || FIELD) return;
      const { asked, good } = tally.seen;
      assert.ok(good >= LEAST_GOOD * asked, `only ${good} of ${asked} have no errors`);
      const left = fields.filter((field) => tally.timesOf(field) < RUNS);
      assert.deepEqual(left, [], 'these were drawn too seldom');
    });

    test('answer the same as graphql-js by itself while services fail', async (t) => {
      await using asking = await gatherAskers(bff);
      const { askers } = asking;
      const tally = createTally();
      const options = { schema, committed, orderIds, askers: askers.length };
      const { groups } = createGroups(options);

      await check(
        'faults',
        fc.tuple(groups(), faultsOf(bff)),
        SEED,
        STRUCK_RUNS,
        async ([group, fault]) => {
          // A new one each time, because breakers remember.
          await using environment = await startEnvironmentFor(bff, asking.env);
          await openTrial({ environment, schema, askers, tally }).askStruck(group, fault);
        },
      );

      t.diagnostic(`SEED=${SEED}: ${tally.tell()}`);
      if (RUNS < 5) return;
      assert.ok(tally.hasSeen('UPSTREAM_UNAVAILABLE'), 'no fault has struck');
    });
  });
}

/** @throws Error that says how to repeat the failure, and the smallest one that was found */
async function check<T>(
  name: string,
  drawn: fc.Arbitrary<T>,
  seed: number,
  numRuns: number,
  take: (value: T) => Promise<void>,
): Promise<void> {
  let end = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(fc.noBias(drawn), async (value) => {
    if (performance.now() > end) return;
    try {
      await take(value);
    } catch (error) {
      end = Math.min(end, performance.now() + SHRINKING_MS);
      throw error;
    }
  });
  const { failed, errorInstance, numShrinks } = await fc.check(property, { seed, numRuns });
  if (!failed) return;
  const { message } = errorInstance as Error;
  assert.fail(`SEED=${SEED}, ${name}, shrunk ${numShrinks} times: ${message}`);
}

const startEnvironmentFor = (bff: BffDefinition, env: NodeJS.ProcessEnv): Promise<Environment> =>
  startEnvironment(bff, { CACHE_MEMORY_MB: '64', ...PATIENT, ...env });

function givesObjects(schema: GraphQLSchema, place: string): boolean {
  const [typeName = '', field = ''] = place.split('.');
  const type = schema.getType(typeName);
  return isObjectType(type) && isObjectType(getNamedType(type.getFields()[field]?.type));
}

/** Orders of several customers, and the id of none. */
async function seededOrders(): Promise<string[]> {
  const service = await createOrderService();
  const searches = [
    `user=${CAST.customer}&status=placed&limit=1`,
    `user=${CAST.customer}&status=shipped&limit=1`,
    `user=${CAST.otherCustomer}&limit=1`,
    `user=${CAST.deleted}&limit=1`,
  ];
  const found = await Promise.all(searches.map((search) => service.inject(`/orders?${search}`)));
  await service.close();
  const ids = found.flatMap((answer) => answer.json().orders.map(({ id }: { id: string }) => id));
  return [...ids, '999999'];
}
