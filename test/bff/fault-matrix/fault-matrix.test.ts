/*
 * The fault matrix: every committed operation of every BFF, while each upstream fails in each way.
 *
 * Property: an operation loses exactly the fields that need the failed upstream, each null with an
 * error of its own; a mutation is sent at most once; and afterwards every response is as before.
 * Cases: the operations and targets of LOST_FIELDS × the FAILURES (table.ts). Each compares the
 * response during the failure with the one that expected-responses.ts derives from the healthy one.
 * `npm test` tests each failure of each target in one BFF of those that call it, by turns;
 * `npm run test:matrices` tests it in all. The same cases follow over gRPC, for the services that speak
 * it; of these, `npm test` tests the failures of SHORT_OVER_GRPC in one BFF.
 * All cases of a BFF share an environment: faults are cleared before each case, data before each
 * failure. Deadlines are controlled, so a service that hangs costs no time.
 * One case: node --test --test-name-pattern='Over HTTP, the web BFF while a service hangs' <this file>
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { UPSTREAMS } from '../../../src/datasources/upstreams.ts';
import { bffNames, loadBff } from '../../../tools/tree.ts';
import { committedOf } from '../../support/committed.ts';
import { DEADLINE_MS } from '../../support/deadline-control.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import { SERVICE_NAMES } from '../../support/services.ts';
import { EXAMPLES } from '../operation-examples.ts';
import { assertMutations, assertQueries } from './assert-outage.ts';
import { resetData } from './outage.ts';
import { FAILURES, LOST_FIELDS, MUTATIONS, type Target, UNCALLED } from './table.ts';

const IS_FULL = process.env.MATRICES === 'full';

type Protocol = 'HTTP' | 'gRPC';

/** The failures that `npm test` tests over gRPC: one of each kind of outcome. */
const SHORT_OVER_GRPC = [
  'hangs',
  'is down',
  'resets connections in the middle of a response',
  'returns 429',
  'sends values of wrong types',
];
const GRPC_SERVICES = SERVICE_NAMES.filter((name) => 'grpcService' in UPSTREAMS[name]);

/** Whether a failure of a target is tested with a BFF. */
function isTested(protocol: Protocol, bff: string, target: Target, how: string): boolean {
  if (protocol === 'gRPC') {
    if (!GRPC_SERVICES.some((name) => target.startsWith(name))) return false;
    return IS_FULL || (bff === 'mobile' && SHORT_OVER_GRPC.includes(how));
  }
  const failure = Object.keys(FAILURES).indexOf(how);
  const callers = Object.keys(LOST_FIELDS).filter((name) => targetsOf(name).includes(target));
  const turn = failure + ALL_TARGETS.indexOf(target);
  return IS_FULL || callers[turn % callers.length] === bff;
}

/** The targets that the operations of a BFF need. */
const targetsOf = (bff: string) => [
  ...new Set(Object.values(LOST_FIELDS[bff] ?? {}).flatMap(Object.keys) as Target[]),
];
const ALL_TARGETS = [...new Set(Object.keys(LOST_FIELDS).flatMap(targetsOf))];

const isService = (target: string): boolean => !target.includes('.');

const bffs = (await Promise.all(bffNames().map(loadBff))).map((bff) => ({
  bff,
  documents: committedOf(bff).requests,
}));

describe('The fault matrix', () => {
  it('has a target for every upstream', () => {
    const struck = Object.values(LOST_FIELDS).flatMap(Object.values).flatMap(Object.keys);
    const targets = [...new Set(struck.filter(isService)), ...UNCALLED];
    assert.deepEqual(targets.sort(), Object.keys(UPSTREAMS).sort());
  });

  for (const { bff, documents } of bffs) {
    it(`has a row for each committed query and mutation of the ${bff.name} BFF, and no other`, () => {
      const names = documents.map(({ name }) => name);
      const mutations = documents.filter(({ source }) => /^mutation\b/m.test(source));
      assert.deepEqual(Object.keys(LOST_FIELDS[bff.name] ?? {}).sort(), names);
      assert.deepEqual(
        names.filter((name) => name in MUTATIONS),
        mutations.map(({ name }) => name),
      );
    });
  }

  it('has an example for each committed query and mutation, and no other', () => {
    const names = bffs.flatMap(({ documents }) => documents.map(({ name }) => name));
    assert.deepEqual(new Set(Object.keys(EXAMPLES)), new Set(names));
  });
});

const PROTOCOLS: readonly Protocol[] = ['HTTP', 'gRPC'];

for (const { bff, documents, protocol } of bffs.flatMap((each) =>
  PROTOCOLS.map((protocol) => ({ ...each, protocol })),
)) {
  const rows = LOST_FIELDS[bff.name] ?? {};
  const isMutation = ({ name }: { name: string }) => name in MUTATIONS;
  const cases = Object.entries(FAILURES)
    .map(([how, failure]) => {
      const targets = targetsOf(bff.name).filter(
        (target) =>
          (failure.fault || isService(target)) && isTested(protocol, bff.name, target, how),
      );
      return { how, failure, targets };
    })
    .filter(({ targets }) => targets.length > 0);
  if (cases.length === 0) continue;

  describe(`Over ${protocol}, the ${bff.name} BFF`, () => {
    let environment: Environment;
    before(async () => {
      const env = {
        REQUEST_DEADLINE_MS: String(DEADLINE_MS),
        UPSTREAM_ATTEMPT_TIMEOUT_MS: String(DEADLINE_MS),
      };
      environment = await startEnvironment(bff, env, protocol === 'gRPC' ? GRPC_SERVICES : []);
    });
    beforeEach(() => environment.reset());
    after(() => environment[Symbol.asyncDispose]());

    for (const { how, failure, targets } of cases) {
      describe(`while a service ${how}`, () => {
        // Each mutation changes data once only, such as an unread notification.
        before(() => resetData(environment));

        for (const target of targets) {
          it(`loses only the fields that need ${target}, and recovers`, async () => {
            const concerned = documents.filter(
              ({ name }) => isService(target) || rows[name]?.[target],
            );
            const outage = { environment, bff: bff.name, target, failure };
            await assertQueries({
              ...outage,
              documents: concerned.filter((document) => !isMutation(document)),
            });
            await assertMutations({ ...outage, documents: concerned.filter(isMutation) });
          });
        }
      });
    }
  });
}
