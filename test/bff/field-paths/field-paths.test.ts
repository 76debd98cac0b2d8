import assert from 'node:assert/strict';
import { after, before, suite, type TestContext, test } from 'node:test';
import { CAST } from '../../../services/support/cast.ts';
import { SCOPES } from '../../../src/auth/rules.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import { authorization, type Environment, startEnvironment } from '../../support/environment.ts';
import { fieldsOf } from '../../support/reach.ts';
import { type Belongings, entriesFor, furnish, marksOf, stateOf } from '../rights/entries.ts';
import { readRights, rowFor } from '../rights/rights-table.ts';
import { allBut, type Demand, enoughFor, readScopes } from '../rights/scopes-table.ts';
import { clientDesk, createKeyring, type Desk, httpDesk } from './clients.ts';
import { nameOf } from './documents.ts';
import {
  breaches,
  type Gone,
  goAll,
  guardedFields,
  hasValue,
  isChangeOverGet,
  isRefusedThere,
  tell,
  unreached,
  type Way,
  waysFrom,
} from './requests.ts';
import { PLAIN_MANNERS } from './spellings.ts';

const ME = CAST.customer;
const OTHER = CAST.otherCustomer;
const NOTHING: Demand = { client: [], key: [] };
/** What is no scope of ours, though it looks as if it were. */
const LOOKALIKES = [
  'orders',
  'orders:*',
  '*',
  'ORDERS:READ',
  'orders:readwrite',
  'profile:rea',
  'admin',
];

const demands = readScopes();
const demandOf = (field: string): Demand => demands.get(field) ?? NOTHING;

const bffs = (await Promise.all(bffNames().map(loadBff))).map((bff) => {
  const schema = buildSchema(bff);
  const ruled = guardedFields(schema, bff);
  // Those of the table as well: a rule that is gone leaves a field that is not guarded any more.
  const known = new Set(fieldsOf(schema)).intersection(new Set(demands.keys()));
  return { bff, schema, ruled, guarded: ruled.union(known), table: readRights(bff.name) };
});

test('the table of scopes has a row for each guarded field, and no other', () => {
  const all = new Set(bffs.flatMap(({ ruled }) => [...ruled]));
  assert.deepEqual([...all.symmetricDifference(new Set(demands.keys()))], []);
});

for (const { bff, schema, guarded, table } of bffs) {
  /** What the guarded fields on the way demand. */
  const along = ({ path }: Way, who: keyof Demand) =>
    path.steps
      .map(nameOf)
      .filter((field) => guarded.has(field))
      .map((field) => demandOf(field)[who]);
  const takesKeys = bff.credentials.includes('key');
  const isChange = ({ path }: Way) => path.target.startsWith('Mutation.');

  suite(`every way to what is guarded on the ${bff.name} BFF`, () => {
    let environment: Environment;
    let mine: Belongings;
    let ways: Way[];
    let foreign: Way[];
    before(async () => {
      environment = await startEnvironment(bff);
      mine = await furnish(environment, ME);
      const entries = entriesFor(mine, await furnish(environment, OTHER));
      const all = waysFrom(schema, guarded, entries);
      ways = all.filter(({ entry }) => entry.whose !== "another's");
      foreign = all.filter(({ path, entry }) => {
        const cell = table.get(rowFor(table, path.target, entry.root))?.[entry.whose];
        return cell === 'NOT_FOUND' || cell === 'FORBIDDEN';
      });
    });
    after(() => environment[Symbol.asyncDispose]());

    const states = () => Promise.all([stateOf(environment, ME), stateOf(environment, OTHER)]);
    const clientFor = ({ entry }: Way, scopes?: readonly string[]): Promise<Desk> =>
      entry.whose === 'own'
        ? clientDesk(environment, { userId: ME, role: 'customer' }, scopes)
        : clientDesk(environment, { userId: CAST.staff, role: 'staff' }, scopes);

    test('is tried, in every manner', () => {
      for (const field of guarded) {
        const tried = new Set(
          ways.filter(({ path }) => path.target === field).map(({ how }) => how),
        );
        assert.deepEqual([...PLAIN_MANNERS.difference(tried)], [], field);
      }
    });

    test('is closed to the anonymous', async (t) => {
      const desk = httpDesk(environment, {});
      const marks = new Set((await states()).flatMap(marksOf));
      const gone = await goAll([...ways, ...foreign], () => desk);
      conclude(t, gone, breaches(gone, marks));
    });

    test('is closed to a customer whose it is not', async (t) => {
      const before = await states();
      const desk = httpDesk(environment, await authorization(ME));
      const gone = await goAll(foreign, () => desk);
      conclude(t, gone, breaches(gone, new Set(marksOf(before[1]))));
      assert.deepEqual(await states(), before);
    });

    test('is closed to a client that has every scope but the one', async (t) => {
      const before = await states();
      const lacking = (way: Way) => clientFor(way, allBut(demandOf(way.path.target).client));
      const changes = await goAll(ways.filter(isChange), lacking);
      assert.deepEqual(await states(), before, 'nothing was changed');
      const gone = [
        ...changes,
        ...(await goAll(
          ways.filter((way) => !isChange(way)),
          lacking,
        )),
      ];
      conclude(t, gone, [...breaches(gone), ...unreached(gone, isRefusedThere)]);
    });

    test('is closed to a client with no scope, or with none of ours', async (t) => {
      const before = await states();
      const gone = [
        ...(await goAll(ways, (way) => clientFor(way, []))),
        ...(await goAll(ways, (way) => clientFor(way, LOOKALIKES))),
      ];
      conclude(t, gone, breaches(gone));
      assert.deepEqual(await states(), before);
    });

    test('is open to a client with just the scopes, and so does lead to it', async (t) => {
      const allowed = (way: Way) => clientFor(way, enoughFor(along(way, 'client')));
      const gone = await goAll(ways, allowed);
      conclude(t, gone, [...shut(gone), ...unreached(gone, hasValue)]);
    });

    test("is closed to our own clients' tokens where they come over GET to change something", async (t) => {
      const gone = await goAll(ways.filter(isChangeOverGet), (way) => clientFor(way));
      conclude(t, gone, breaches(gone));
    });

    test('is closed to an API key without the scope, and open to one with it', async (t) => {
      await using keyring = await createKeyring();
      // Every BFF as it were if it let keys in.
      const open = { ...bff, credentials: ['key'] as const };
      await using environment = await startEnvironment(open, { API_KEYS_PATH: keyring.path });
      const keyOf = (field: string) => (takesKeys ? demandOf(field).key : []);
      const mayBeHad = ({ path }: Way) =>
        path.steps.map(nameOf).every((field) => !guarded.has(field) || keyOf(field).length > 0);
      // The same as in the other environment, so that the ids are the same.
      for (const user of [ME, OTHER]) await furnish(environment, user);
      const states = () => Promise.all([stateOf(environment, ME), stateOf(environment, OTHER)]);
      const before = await states();

      const lacking = ({ path }: Way) => keyring.deskOf(environment, allBut(keyOf(path.target)));
      const closed = await goAll([...ways, ...foreign], lacking);
      const unseen = unreached(closed.filter(mayBeHad), isRefusedThere);
      conclude(t, closed, [...breaches(closed), ...unseen]);
      assert.deepEqual(await states(), before);

      const allowed = (way: Way) => keyring.deskOf(environment, enoughFor(along(way, 'key')));
      const had = await goAll([...ways, ...foreign].filter(mayBeHad), allowed);
      conclude(t, had, [...shut(had), ...unreached(had, hasValue)]);
      assert.equal(had.length > 0, takesKeys);
    });

    if (takesKeys) return;

    test('is closed to every API key where keys are not taken', async (t) => {
      await using keyring = await createKeyring();
      await using environment = await startEnvironment(bff, { API_KEYS_PATH: keyring.path });
      const plain = [...ways, ...foreign].filter(({ how }) => how === 'by its name');
      const gone = await goAll(plain, () => keyring.deskOf(environment, SCOPES));
      conclude(t, gone, breaches(gone));
      assert.ok(gone.every(({ body }) => body.data === undefined));
    });
  });
}

/** Ways on which something was refused to who may have it. */
const shut = (gone: readonly Gone[]): string[] =>
  gone
    .filter(({ body, ...way }) => !isChangeOverGet(way) && !body.data)
    .map((way) => tell(way, `was refused: ${JSON.stringify(way.body)}`));

function conclude(t: TestContext, gone: readonly Gone[], faults: readonly string[]): void {
  t.diagnostic(
    `${gone.length} documents to ${new Set(gone.map(({ path }) => path.target)).size} fields`,
  );
  assert.equal(faults.length, 0, `${faults.length} faults\n  ${faults.slice(0, 20).join('\n  ')}`);
}
