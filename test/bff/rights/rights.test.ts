import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import { type Environment, type Json, startEnvironment } from '../../support/environment.ts';
import { fieldsOf, waysThrough } from '../../support/reach.ts';
import { type Belongings, entriesFor, furnish, marksOf, NOBODYS, stateOf } from './entries.ts';
import { differences, leaks, type Trial, type Tried, trialsOf, tryAll } from './requests.ts';
import { type Cell, fieldOfRow, readRights } from './rights-table.ts';

const ME = CAST.customer;
const OTHER = CAST.otherCustomer;
const isRefusal = (cell: Cell | undefined) => cell === 'NOT_FOUND' || cell === 'userError';
const isNotOfStaff = ({ as }: Tried): boolean => as !== 'staff';

for (const bff of await Promise.all(bffNames().map(loadBff))) {
  const schema = buildSchema(bff);
  const table = readRights(bff.name);
  const trials = trialsOf.bind(undefined, schema, table);

  const refusalsOf = async (environment: Environment, as: string, theirs: Belongings) => {
    const entries = entriesFor(theirs, theirs).filter(({ whose }) => whose === "another's");
    const closed = ({ row }: Trial) => isRefusal(table.get(row)?.["another's"]);
    const asked = trials(as, entries).filter(closed);
    return (await tryAll(environment, asked)).map(wording);
  };

  /** A BFF without fields that take the id of a private object refuses none. */
  const hasRefusals = [...table.values()].some((row) => isRefusal(row["another's"]));

  suite(`rights of the ${bff.name} BFF`, () => {
    test('every field has a row, and every row a field', () => {
      const fields = new Set(fieldsOf(schema));
      const declared = new Set([...table.keys()].map(fieldOfRow));
      assert.deepEqual([...fields.difference(declared)], [], 'fields without a row');
      assert.deepEqual([...declared.difference(fields)], [], 'rows without a field');
    });

    test('every root field is asked for', () => {
      const asked = new Set(entriesFor(NOBODYS, NOBODYS).map(({ root }) => root));
      const roots = new Set(waysThrough(schema).map(({ steps }) => steps[0] ?? ''));
      assert.deepEqual([...roots.difference(asked)], [], 'root fields without an entry');
    });

    test('every field answers everyone as declared, in every way that leads to it', async () => {
      await using environment = await startEnvironment(bff);
      const mine = await furnish(environment, ME);
      const others = await furnish(environment, OTHER);
      const staffs = await furnish(environment, 'staff');
      const helped = await furnish(environment, ME, 'helped');
      const before = await stateOf(environment, OTHER);

      const tried = await tryAll(environment, [
        ...trials('anonymous', entriesFor(mine, others)),
        ...trials(ME, entriesFor(mine, others)),
        ...trials('staff', entriesFor(staffs, helped)),
      ]);

      const wrong = differences(table, tried);
      const held = leaks(tried.filter(isNotOfStaff), marksOf(before));
      assert.equal(
        wrong.length + held.length,
        0,
        [`${wrong.length} cells differ`, ...wrong, `${held.length} answers leak`, ...held].join(
          '\n  ',
        ),
      );
      assert.deepEqual(
        await stateOf(environment, OTHER),
        before,
        'what is not theirs is as it was',
      );
    });

    test("somebody else's and what nobody has are refused in the same words", async () => {
      await using environment = await startEnvironment(bff);
      const others = await furnish(environment, OTHER);
      for (const as of ['anonymous', ME]) {
        const refused = await refusalsOf(environment, as, others);
        const missing = await refusalsOf(environment, as, NOBODYS);
        assert.equal(refused.length > 0, hasRefusals);
        assert.deepEqual(refused, missing);
      }
    });
  });
}

test('marking own and foreign notifications in one go changes the own, and names the others', async () => {
  await using environment = await startEnvironment(mobile);
  const unread = async (user: string) =>
    (await stateOf(environment, user)).notifications.find(({ readAt }) => readAt === null)?.id ??
    '';
  const [mine, theirs] = [await unread(ME), await unread(OTHER)];
  const before = await stateOf(environment, OTHER);

  const { body } = await environment.send(
    'mutation ($ids: [ID!]!) { markNotificationsRead(ids: $ids) { notifications { id } userErrors { code field } } }',
    { as: ME, variables: { ids: [theirs, mine] } },
  );

  assert.deepEqual(body.data.markNotificationsRead, {
    notifications: [{ id: mine }],
    userErrors: [{ code: 'NOT_FOUND', field: ['ids', '0'] }],
  });
  assert.deepEqual(await stateOf(environment, OTHER), before);
});

/** An answer without what is new in each: the request's id. */
function wording({ way, body }: Tried): Json {
  const errors = body.errors?.map(({ extensions: { code }, ...error }: Json) => ({
    ...error,
    code,
  }));
  return { way: way.steps.join('.'), data: body.data, errors };
}
