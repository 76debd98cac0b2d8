import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { createOrderService } from '../../services/order/service.ts';
import { CAST } from '../../services/support/cast.ts';
import { anyone, inherited } from '../../src/auth/rules.ts';
import { fieldRules, mergeTrees } from '../../src/auth/shield.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../tools/tree.ts';
import { changesBy } from './equivalence-changes.ts';
import { openSessions } from './equivalence-client.ts';
import { openModel } from './equivalence-model.ts';
import { questionsAbout } from './equivalence-questions.ts';
import { stepsWith } from './equivalence-steps.ts';
import { createTally } from './equivalence-tally.ts';
import { startTwins } from './equivalence-twins.ts';

/** Each has some twenty-five steps; `npm run test:equivalence` has more than a hundred runs. */
const RUNS = Number(process.env.EQUIVALENCE_RUNS ?? 3);
/** How often each root field, and each field with a rule of its own, is drawn at least. */
const LEAST_DRAWN = Math.min(100, RUNS);
/** The share of answers without errors, which alone are kept, and of hits among them. */
const LEAST_GOOD = 0.25;
const LEAST_HITS = 0.4;
/** How long a failure is made smaller. */
const SHRINKING_MS = 120_000;

for (const bff of await Promise.all(bffNames().map(loadBff))) {
  const schema = buildSchema(bff);
  const fields = fieldsWithRules(bff);

  suite(`the caches of the ${bff.name} BFF`, () => {
    test('answer what would be answered without them', async (t) => {
      const orderIds = await seededOrders();
      const sessions = await openSessions();
      const tally = createTally();
      const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
      const run = fc.tuple(
        questionsAbout(
          schema,
          fields.filter((field) => !field.startsWith('Mutation.')),
          loadCommittedOperations(bff.operations, schema),
          orderIds,
        ),
        stepsWith(mutations.map((mutation) => changesBy(mutation, orderIds))),
        fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
      );
      let end = Number.POSITIVE_INFINITY;
      const property = fc.asyncProperty(fc.noBias(run), async ([questions, steps, areTold]) => {
        if (performance.now() > end) return;
        await using twins = await startTwins(bff, areTold);
        const model = openModel({ twins, questions, sessions, tally });
        try {
          for (const step of steps) await model.take(step);
        } catch (error) {
          end = Math.min(end, performance.now() + SHRINKING_MS);
          throw error;
        }
      });

      const result = await fc.check(property, { numRuns: RUNS });

      const { asked, good, hits, changes } = tally.seen;
      const [field, times] = tally.leastOf(fields);
      t.diagnostic(
        `operations ${asked}, hits ${hits}, misses ${asked - hits}, mutations ${changes}, least drawn field ${field} (${times})`,
      );
      if (result.failed) assert.fail(explain(result));
      assert.ok(times >= LEAST_DRAWN, `${field} was drawn ${times} times only`);
      assert.ok(good >= LEAST_GOOD * asked, `only ${good} of ${asked} have no errors`);
      assert.ok(hits >= LEAST_HITS * good, `only ${hits} of ${good} are hits`);
    });
  });
}

interface Failure {
  readonly seed: number;
  readonly counterexamplePath: string | null;
  readonly numShrinks: number;
  readonly errorInstance: unknown;
}

const explain = ({ seed, counterexamplePath, numShrinks, errorInstance }: Failure): string =>
  `seed ${seed}, path "${counterexamplePath}", shrunk ${numShrinks} times: ${(errorInstance as Error).message}`;

/** Root fields, and those that not everyone may see who sees their parent. */
function fieldsWithRules(bff: BffDefinition): string[] {
  const schema = buildSchema(bff);
  const tree = mergeTrees([...bff.domains, bff].map(({ permissions }) => permissions));
  const roots = [schema.getQueryType()?.name, schema.getMutationType()?.name];
  return fieldRules(schema, tree)
    .filter(([type, , rule]) => roots.includes(type) || (rule !== anyone && rule !== inherited))
    .map(([type, field]) => `${type}.${field}`);
}

/** Orders of several customers, some of which can be cancelled, and the id that the next will have. */
async function seededOrders(): Promise<string[]> {
  const service = await createOrderService();
  const idsAt = async (search: string): Promise<string[]> => {
    const { orders } = (await service.inject(`/orders?${search}`)).json();
    return orders.map(({ id }: { id: string }) => id);
  };
  const ids = await Promise.all([
    idsAt(`user=${CAST.customer}&status=placed&limit=1`),
    idsAt(`user=${CAST.customer}&status=shipped&limit=1`),
    idsAt(`user=${CAST.otherCustomer}&status=placed&limit=1`),
    idsAt(`user=${CAST.deleted}&limit=1`),
  ]);
  const last = Math.max(...(await idsAt('recent=100')).map(Number));
  await service.close();
  return [...ids.flat(), String(last + 1)];
}
