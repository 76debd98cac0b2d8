/*
 * The rights of every field of every BFF: who gets its value, and what everyone else gets.
 *
 * Property: each response is the one that <bff>.txt declares for the field and the viewer, and none
 * contains another user's data. The tables are written by hand from the requirements.
 * Cases: the shortest path to each field from each root field (field-paths.ts), with the arguments
 * of domains.ts, as an anonymous viewer, a customer and a member of staff.
 * Spellings of documents, scopes and API keys: ../field-paths/.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CAST } from '../../../services/support/cast.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import { type Environment, type Json, startEnvironment } from '../../support/environment.ts';
import { fieldNames, fieldsOf, shortestPaths } from '../../support/field-paths.ts';
import {
  entriesFor,
  identifyingValues,
  MISSING_IDS,
  type OwnedIds,
  readState,
  seedObjects,
} from './domains.ts';
import { differences, leaks, type RightsResult, requestsFor, sendAll } from './requests.ts';
import { type Cell, fieldOfRow, readRights } from './rights-table.ts';

const ME = CAST.customer;
const OTHER = CAST.otherCustomer;
const KINDS = ['query', 'mutation', 'subscription'] as const;
const isRefusal = (cell: Cell | undefined) => cell === 'NOT_FOUND' || cell === 'userError';

for (const bff of await Promise.all(bffNames().map(loadBff))) {
  const schema = buildSchema(bff);
  const table = readRights(bff.name);
  const requests = requestsFor.bind(undefined, schema, table);
  /** False if no field takes the id of a private object. */
  const hasRefusals = [...table.values()].some((row) => isRefusal(row["another's"]));

  describe(`The rights of the ${bff.name} BFF`, () => {
    let environment: Environment;
    let others: OwnedIds;
    before(async () => {
      environment = await startEnvironment(bff);
      others = await seedObjects(environment, OTHER);
    });
    after(() => environment[Symbol.asyncDispose]());

    it('have a row for every field, and no other', () => {
      const fields = new Set(fieldsOf(schema));
      const declared = new Set([...table.keys()].map(fieldOfRow));
      assert.deepEqual([...fields.difference(declared)], [], 'fields without a row');
      assert.deepEqual([...declared.difference(fields)], [], 'rows without a field');
    });

    it('have an entry for every root field', () => {
      const entries = new Set(entriesFor(MISSING_IDS, MISSING_IDS).map(({ root }) => root));
      const roots = new Set(shortestPaths(schema, KINDS).map((path) => fieldNames(path)[0] ?? ''));
      assert.deepEqual([...roots.difference(entries)], [], 'root fields without an entry');
    });

    it('are as declared for every viewer, on every path to a field', async () => {
      const own = await seedObjects(environment, ME);
      const staffs = await seedObjects(environment, 'staff');
      const customers = await seedObjects(environment, ME, 'for-staff');
      const before = await readState(environment, OTHER);

      const results = await sendAll(environment, [
        ...requests('anonymous', entriesFor(own, others)),
        ...requests(ME, entriesFor(own, others)),
        ...requests('staff', entriesFor(staffs, customers)),
      ]);

      const different = differences(table, results);
      const byOthers = results.filter(({ viewer }) => viewer !== 'staff');
      const leaked = leaks(byOthers, identifyingValues(before));
      const report = [`${different.length} cells differ`, ...different];
      report.push(`${leaked.length} responses leak`, ...leaked);
      assert.equal(different.length + leaked.length, 0, report.join('\n  '));
      assert.deepEqual(await readState(environment, OTHER), before, "another's data is unchanged");
    });

    it("do not tell another's object from a missing one", async () => {
      const refusals = async (viewer: string, ids: OwnedIds) => {
        const entries = entriesFor(ids, ids).filter(({ whose }) => whose === "another's");
        const refused = requests(viewer, entries).filter(({ row }) =>
          isRefusal(table.get(row)?.["another's"]),
        );
        return (await sendAll(environment, refused)).map(withoutRequestId);
      };
      for (const viewer of ['anonymous', ME]) {
        const refused = await refusals(viewer, others);
        assert.equal(refused.length > 0, hasRefusals);
        assert.deepEqual(refused, await refusals(viewer, MISSING_IDS));
      }
    });
  });
}

function withoutRequestId({ path, body }: RightsResult): Json {
  const errors = body.errors?.map(({ extensions: { code }, ...error }: Json) => ({
    ...error,
    code,
  }));
  return { path: fieldNames(path).join('.'), data: body.data, errors };
}
