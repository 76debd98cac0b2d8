/*
 * Every nested path to every guarded field, in every spelling that GraphQL allows.
 *
 * Property: without the right or the scope, no document gets a value of the field; with just the
 * scopes of the guarded fields on its path it gets one, which proves that it leads to the field.
 * Cases: all paths through no type twice (../../support/field-paths.ts) × the spellings of
 * spellings.ts (aliases, fragments, directives, several operations, GET) × the arguments of
 * ../rights/domains.ts. ../rights/scopes.txt declares the scopes.
 * `npm run test:matrices` runs all cases; `npm test` runs an eighth of those of each field, another one
 * in each test. A failure shows the documents.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it, type TestContext, test } from 'node:test';
import { CAST } from '../../../services/support/cast.ts';
import { SCOPES } from '../../../src/auth/rules.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import { authorization, type Environment, startEnvironment } from '../../support/environment.ts';
import { fieldsOf, nameOf } from '../../support/field-paths.ts';
import { entriesFor, identifyingValues, readState, seedObjects } from '../rights/domains.ts';
import { readRights, rowFor } from '../rights/rights-table.ts';
import { allExcept, minimalScopes, readScopes, type ScopeRow } from '../rights/scopes-table.ts';
import { createClient, createKeyring, createTokenClients, type Keyring } from './clients.ts';
import {
  type FieldRequest,
  type FieldResult,
  guardedFields,
  hasValue,
  isMutationOverGet,
  isRefusedByOwnRule,
  leaks,
  rejections,
  requestsFor,
  sendAll,
  unreached,
} from './requests.ts';
import { COMMON_SPELLINGS } from './spellings.ts';

const ME = { userId: CAST.customer, role: 'customer' } as const;
const STAFF = { userId: CAST.staff, role: 'staff' } as const;
const OTHER = CAST.otherCustomer;
/** The share of the cases that run is 1 of this number. */
const SHARE = process.env.MATRICES === 'full' ? 1 : 8;
const NO_SCOPES: ScopeRow = { client: [], key: [] };
/** Scopes that do not exist but resemble those that do. */
const UNKNOWN_SCOPES = [
  'orders',
  'orders:*',
  '*',
  'ORDERS:READ',
  'orders:readwrite',
  'profile:rea',
  'admin',
];

const scopes = readScopes();
const scopesOf = (field: string): ScopeRow => scopes.get(field) ?? NO_SCOPES;

const bffs = (await Promise.all(bffNames().map(loadBff))).map((bff) => {
  const schema = buildSchema(bff);
  const ruled = guardedFields(schema, bff);
  // A field of the table whose rule was removed is not guarded any more, but must be tested.
  const declared = new Set(fieldsOf(schema)).intersection(new Set(scopes.keys()));
  const all = [...ruled.union(declared)];
  // Subscriptions have no response of their own: ../../protocols/subscriptions/scopes.test.ts
  const guarded = new Set(all.filter((field) => !field.startsWith('Subscription.')));
  return { bff, schema, ruled, guarded, table: readRights(bff.name) };
});

test('The table of scopes has a row for each guarded field, and no other', () => {
  const all = new Set(bffs.flatMap(({ ruled }) => [...ruled]));
  assert.deepEqual([...all.symmetricDifference(new Set(scopes.keys()))], []);
});

for (const { bff, schema, guarded, table } of bffs) {
  const takesKeys = bff.credentials.includes('key');
  const isMutation = ({ path }: FieldRequest) => path.target.startsWith('Mutation.');
  const guardedOn = ({ path }: FieldRequest): string[] =>
    path.steps.map(nameOf).filter((field) => guarded.has(field));
  /** The scopes for all guarded fields on the path. */
  const scopesFor = (request: FieldRequest, column: keyof ScopeRow): string[] =>
    minimalScopes(guardedOn(request).map((field) => scopesOf(field)[column]));

  describe(`A guarded field of the ${bff.name} BFF`, () => {
    let keyring: Keyring;
    let environment: Environment;
    let tokenClient: ReturnType<typeof createTokenClients>;
    /** The requests for the viewer's own and everyone's objects. */
    let allPermitted: FieldRequest[];
    /** The requests for objects that are not the viewer's. */
    let allForeign: FieldRequest[];
    /** The requests of a test. */
    let permitted: FieldRequest[];
    let foreign: FieldRequest[];
    let turn = 0;
    before(async () => {
      keyring = await createKeyring();
      environment = await startEnvironment(bff, { API_KEYS_PATH: keyring.path });
      tokenClient = createTokenClients(environment);
      const entries = entriesFor(
        await seedObjects(environment, ME.userId),
        await seedObjects(environment, OTHER),
      );
      const all = requestsFor(schema, guarded, entries);
      allPermitted = all.filter(({ entry }) => entry.whose !== "another's");
      allForeign = all.filter(({ path, entry }) => {
        const cell = table.get(rowFor(table, path.target, entry.root))?.[entry.whose];
        return cell === 'NOT_FOUND' || cell === 'FORBIDDEN';
      });
    });
    beforeEach(() => {
      turn++;
      permitted = shareOf(allPermitted, turn);
      foreign = shareOf(allForeign, turn);
    });
    after(async () => {
      await environment[Symbol.asyncDispose]();
      await keyring[Symbol.asyncDispose]();
    });

    const statesIn = (environment: Environment) =>
      Promise.all([readState(environment, ME.userId), readState(environment, OTHER)]);
    const clientFor = ({ entry }: FieldRequest, scopes?: readonly string[]) =>
      tokenClient(entry.whose === 'own' ? ME : STAFF, scopes);

    it('is requested in every spelling', () => {
      for (const field of guarded) {
        const requests = allPermitted.filter(({ path }) => path.target === field);
        const spellings = new Set(requests.map(({ spelling }) => spelling));
        assert.deepEqual([...COMMON_SPELLINGS.difference(spellings)], [], field);
      }
    });

    it('is closed to anonymous viewers', async (t) => {
      const client = createClient(environment);
      const secrets = new Set((await statesIn(environment)).flatMap(identifyingValues));
      const results = await sendAll([...permitted, ...foreign], () => client);
      assertNone(t, results, leaks(results, secrets));
    });

    it("is closed to customers on another's object", async (t) => {
      const before = await statesIn(environment);
      const client = createClient(environment, await authorization(ME.userId));
      const results = await sendAll(foreign, () => client);
      assertNone(t, results, leaks(results, new Set(identifyingValues(before[1]))));
      assert.deepEqual(await statesIn(environment), before);
    });

    it('is closed to a client that has every scope but its own', async (t) => {
      const before = await statesIn(environment);
      const lacking = (request: FieldRequest) =>
        clientFor(request, allExcept(scopesOf(request.path.target).client));
      const mutations = await sendAll(permitted.filter(isMutation), lacking);
      assert.deepEqual(await statesIn(environment), before, 'nothing has changed');
      const others = permitted.filter((request) => !isMutation(request));
      const results = [...mutations, ...(await sendAll(others, lacking))];
      assertNone(t, results, [...leaks(results), ...unreached(results, isRefusedByOwnRule)]);
    });

    it('is closed to a client with no scope, or with unknown ones', async (t) => {
      const before = await statesIn(environment);
      const results = [
        ...(await sendAll(permitted, (request) => clientFor(request, []))),
        ...(await sendAll(permitted, (request) => clientFor(request, UNKNOWN_SCOPES))),
      ];
      assertNone(t, results, leaks(results));
      assert.deepEqual(await statesIn(environment), before);
    });

    it('is open to a client with just the scopes on its path', async (t) => {
      const results = await sendAll(permitted, (request) =>
        clientFor(request, scopesFor(request, 'client')),
      );
      assertNone(t, results, [...rejections(results), ...unreached(results, hasValue)]);
    });

    it('is closed to mutations over GET, even with an unrestricted token', async (t) => {
      const results = await sendAll(allPermitted.filter(isMutationOverGet), (request) =>
        clientFor(request),
      );
      assertNone(t, results, leaks(results));
    });

    it('is closed to an API key without its scope, and open to one with it', async (t) => {
      // A BFF that takes no keys is tested as if it did.
      await using started = takesKeys
        ? undefined
        : await startEnvironment({ ...bff, credentials: ['key'] }, { API_KEYS_PATH: keyring.path });
      const withKeys = started ?? environment;
      // The same objects as in the other environment, so that they have the same ids.
      for (const user of [ME.userId, OTHER]) await seedObjects(withKeys, user);
      const keyScopes = (field: string) => (takesKeys ? scopesOf(field).key : []);
      const isOpenToKeys = (request: FieldRequest) =>
        guardedOn(request).every((field) => keyScopes(field).length > 0);
      const before = await statesIn(withKeys);
      const requests = [...permitted, ...foreign];

      const closed = await sendAll(requests, ({ path }) =>
        keyring.clientFor(withKeys, allExcept(keyScopes(path.target))),
      );
      const notRefused = unreached(closed.filter(isOpenToKeys), isRefusedByOwnRule);
      assertNone(t, closed, [...leaks(closed), ...notRefused]);
      assert.deepEqual(await statesIn(withKeys), before);

      const open = await sendAll(requests.filter(isOpenToKeys), (request) =>
        keyring.clientFor(withKeys, scopesFor(request, 'key')),
      );
      assertNone(t, open, [...rejections(open), ...unreached(open, hasValue)]);
      assert.equal(open.length > 0, takesKeys);
    });

    if (takesKeys) return;

    it('is closed to every API key, because the BFF takes none', async (t) => {
      const byName = [...allPermitted, ...allForeign].filter(
        ({ spelling }) => spelling === 'by name',
      );
      const results = await sendAll(byName, () => keyring.clientFor(environment, SCOPES));
      assertNone(t, results, leaks(results));
      assert.ok(results.every(({ body }) => body.data === undefined));
    });
  });
}

/** Every SHARE-th request for each field. */
function shareOf(requests: readonly FieldRequest[], turn: number): FieldRequest[] {
  const byField = Object.groupBy(requests, ({ path }) => path.target);
  return Object.values(byField).flatMap((group = []) =>
    group.filter((_, index) => (index + turn) % Math.min(SHARE, group.length) === 0),
  );
}

function assertNone(t: TestContext, results: readonly FieldResult[], faults: string[]): void {
  const fields = new Set(results.map(({ path }) => path.target));
  t.diagnostic(`${results.length} documents, ${fields.size} fields`);
  assert.equal(faults.length, 0, `${faults.length} faults\n  ${faults.slice(0, 20).join('\n  ')}`);
}
