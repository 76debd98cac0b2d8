import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { UPSTREAMS } from '../../../src/datasources/upstreams.ts';
import { loadCommittedOperations } from '../../../src/operations/index.ts';
import { buildSchema } from '../../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import type { Environment } from '../../support/environment.ts';
import { EXAMPLES } from '../operation-examples.ts';
import { tryChanges, tryQueries } from './cell.ts';
import { isSlow, startEnvironmentFor } from './outage.ts';
import { CHANGES, COSTS, LOSSES, type Target, UNCALLED } from './table.ts';

/** Whether a whole service is lost, and not one of its operations. */
const isService = (target: string): boolean => !target.includes('.');

const bffs = await Promise.all(bffNames().map(loadBff));
const clients = bffs.map((bff) => ({
  bff,
  documents: loadCommittedOperations(bff.operations, buildSchema(bff)),
}));
const suites = Object.entries(LOSSES).flatMap(([how, loss]) =>
  clients.map((client) => ({ ...client, how, loss })),
);
const slow = suites.filter(({ loss }) => isSlow(loss));
const quick = suites.filter(({ loss }) => !isSlow(loss));

describe('the fault matrix', () => {
  it('strikes every upstream that an operation calls', () => {
    const struck = Object.values(COSTS).flatMap(Object.values).flatMap(Object.keys);
    const targets = [...new Set(struck.filter(isService)), ...UNCALLED];
    assert.deepEqual(targets.sort(), Object.keys(UPSTREAMS).sort());
  });

  for (const { bff, documents } of clients) {
    it(`has a row for each committed operation of the ${bff.name} BFF, and no other`, () => {
      const names = documents.map(({ name }) => name);
      const changes = documents.filter(({ source }) => /^mutation\b/m.test(source));
      assert.deepEqual(Object.keys(COSTS[bff.name] ?? {}).sort(), names);
      assert.deepEqual(
        names.filter((name) => name in CHANGES),
        changes.map(({ name }) => name),
      );
      assert.deepEqual(new Set(names).difference(new Set(Object.keys(EXAMPLES))), new Set());
    });
  }
});

// The slow ones wait all at once, and beside them there is work for two at a time: so what is not
// struck is answered in time on a slow machine, too.
describe('a committed operation', { concurrency: slow.length + 2 }, () => {
  const environments: Environment[] = [];
  before(async () => {
    for (const { bff } of [...slow, ...quick]) environments.push(await startEnvironmentFor(bff));
  });
  after(() => Promise.all(environments.map((environment) => environment[Symbol.asyncDispose]())));

  for (const [index, { bff, documents, how, loss }] of [...slow, ...quick].entries()) {
    const table = COSTS[bff.name] ?? {};
    const targets = [...new Set(Object.values(table).flatMap(Object.keys))] as Target[];
    const canBeLost = (target: Target) => loss.fault || isService(target);

    describe(`of the ${bff.name} BFF, with a service ${how}`, { concurrency: 1 }, () => {
      for (const target of targets.filter(canBeLost)) {
        it(`loses what hangs on ${target}, has all else, and is whole again afterwards`, async () => {
          const asked = documents.filter(({ name }) => isService(target) || table[name]?.[target]);
          const phase = {
            environment: environments[index] as Environment,
            bff: bff.name,
            target,
            loss,
          };
          const isChange = ({ name }: { name: string }) => name in CHANGES;
          await tryQueries({ ...phase, documents: asked.filter((each) => !isChange(each)) });
          await tryChanges({ ...phase, documents: asked.filter(isChange) });
        });
      }
    });
  }
});
