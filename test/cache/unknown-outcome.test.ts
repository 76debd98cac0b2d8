import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, it } from 'node:test';
import pino from 'pino';
import type { Fault } from '../../services/support/faults.ts';
import { target } from '../../src/datasources/target.ts';
import { createUpstream } from '../../src/upstream/upstream.ts';
import { startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { createTestMetrics } from '../support/metrics.ts';
import { createCallers } from '../upstream/controlled-upstream.ts';
import {
  CACHED,
  hitsAmong,
  outcomeOf,
  type Queries,
  type Query,
  queriesAs,
  send,
  sendUncached,
  warmCache,
} from './environment.ts';
import { assertNotStored, loseOutcome, UNKNOWN_OUTCOME } from './invalidation-helpers.ts';
import {
  ACCOUNT,
  ACTIVE_COUNT,
  borrow,
  HOME,
  LIBRARIAN,
  type Library,
  LOANS,
  loanIdWithStatus,
  loanQueries,
  memberQuery,
  OTHER_READER,
  READER,
  rename,
  returnLoan,
} from './queries.ts';
import { shareCached, shareEnvironment } from './shared-environment.ts';

// A mutation whose outcome is unknown, because the service's answer is lost, may or may not have
// been made. Its tags are quarantined: for 30 s, no answer with them is stored.

/** Faults by which the service makes the change and the BFF does not learn of it. */
const LOST_ANSWERS: Readonly<Record<string, Fault>> = {
  'the connection is reset': { reset: true, afterWork: true },
  'the service answers 500': { status: 500, afterWork: true },
  'the service never answers': { hang: true, afterWork: true },
  'the answer is truncated': { malformed: 'json' },
};

interface Case {
  readonly mutation: (environment: Library, member: string) => Promise<Query> | Query;
  /** The queries whose answers the mutation may have changed. */
  readonly affected: (environment: Library, member: string) => Promise<Queries> | Queries;
  readonly unaffected: (member: string) => Queries;
  /** Quarantines the loans of all members, so that it needs an environment of its own. */
  readonly isGlobal?: boolean;
}

const { account } = ACCOUNT;
const activeLoan = (environment: Library, member: string) =>
  loanIdWithStatus(environment, member, 'active');
const affectedByReturn = async (environment: Library, member: string): Promise<Queries> => ({
  ...queriesAs(member, { ...LOANS, ...ACTIVE_COUNT }),
  ...loanQueries(member, await activeLoan(environment, member)),
});

const CASES: Readonly<Record<string, Case>> = {
  renameMember: {
    mutation: (_environment, member) => rename(member),
    affected: (_environment, member) => ({ ...queriesAs(member, ACCOUNT), ...memberQuery(member) }),
    unaffected: (member) => ({
      ...queriesAs(member, { ...LOANS, ...ACTIVE_COUNT }),
      ...memberQuery(OTHER_READER),
    }),
  },
  borrow: {
    mutation: (_environment, member) => borrow(member),
    affected: (_environment, member) => {
      const { loans, active } = LOANS;
      return queriesAs(member, { loans, active, ...ACTIVE_COUNT });
    },
    unaffected: (member) => ({
      ...queriesAs(member, { account }),
      ...queriesAs(OTHER_READER, { ...LOANS, ...ACTIVE_COUNT }),
    }),
  },
  returnLoan: {
    mutation: async (environment, member) =>
      returnLoan(await activeLoan(environment, member), member),
    affected: affectedByReturn,
    unaffected: (member) => ({
      ...queriesAs(member, { account }),
      ...queriesAs(OTHER_READER, { ...LOANS, ...ACTIVE_COUNT }),
    }),
  },
  'returnLoan by a librarian': {
    mutation: async (environment, member) =>
      returnLoan(await activeLoan(environment, member), 'staff'),
    affected: affectedByReturn,
    unaffected: (member) => ({ ...queriesAs(member, { account }), ...memberQuery(member) }),
    // The BFF does not know whose loan it is.
    isGlobal: true,
  },
};

/** Sets a fault for all writes. */
function failWrites({ services: { member, lending } }: Library, fault: Fault) {
  member.control.faults({ renameMember: fault });
  lending.control.faults({ borrow: fault, returnLoan: fault });
}

/** Larger than all ids with a special meaning. */
const FIRST_ID = 100;

describe('Mutation with an unknown outcome', () => {
  const shared = shareEnvironment(() => startEnvironment(library, CACHED));
  // Every test changes the data of another member, because quarantines outlast it.
  let next = FIRST_ID;

  async function assertQuarantine(
    environment: Library,
    member: string,
    { mutation, affected, unaffected }: Case,
  ) {
    const sent = await mutation(environment, member);
    const queries = await affected(environment, member);
    const others = unaffected(member);
    await warmCache(environment, { ...queries, ...others });
    await loseOutcome(environment, sent);
    await assertNotStored(environment, queries);
    assert.deepEqual(await hitsAmong(environment, others), Object.keys(others));
  }

  for (const [label, fault] of Object.entries(LOST_ANSWERS)) {
    describe(`because ${label}`, { concurrency: true }, () => {
      before(() => failWrites(shared, fault));

      for (const [name, each] of Object.entries(CASES)) {
        it(`keeps answers that ${name} may have changed out of the cache, and no others`, async () => {
          if (!each.isGlobal) return assertQuarantine(shared, String(next++), each);
          await using environment = await startEnvironment(library, CACHED);
          failWrites(environment, fault);
          await assertQuarantine(environment, READER, each);
        });
      }
    });
  }
});

describe('Quarantine after an unknown outcome', () => {
  const environment = shareCached(library);

  it('includes the lists of librarians', async () => {
    await warmCache(environment, LIBRARIAN);
    environment.services.lending.control.faults({ borrow: { reset: true, afterWork: true } });
    await loseOutcome(environment, borrow(OTHER_READER));
    assert.equal((await hitsAmong(environment, LIBRARIAN)).includes('staff: recent loans'), false);
  });

  it('includes answers with more parts than that of the change', async () => {
    const { home, loans } = HOME;
    // The quarantine outlasts the test.
    const member = String(FIRST_ID);
    await warmCache(environment, queriesAs(member, HOME));
    const { control } = environment.services.lending;
    control.faults({ borrow: { reset: true, afterWork: true } });
    await loseOutcome(environment, borrow(member));
    await assertNotStored(environment, queriesAs(member, { home, loans }));
    const answer = await send(environment, { as: member, query: HOME.account });
    assert.equal(outcomeOf(answer), 'hit');
  });

  it('does not begin if the service refuses the mutation', async () => {
    const queries = queriesAs(READER, LOANS);
    await warmCache(environment, queries);
    environment.services.lending.control.faults({ borrow: { status: 403 } });
    const { body } = await send(environment, borrow());
    assert.notEqual(body.errors[0].message, UNKNOWN_OUTCOME);
    assert.deepEqual(await hitsAmong(environment, queries), Object.keys(queries));
  });

  it('lets every request get the current data from the service', async () => {
    const query = { as: READER, query: account };
    await warmCache(environment, { query });
    environment.services.member.control.faults({ renameMember: { reset: true, afterWork: true } });
    await loseOutcome(environment, rename());
    environment.services.member.control.clear();
    for (const name of ['Two', 'Three']) {
      const url = `/members/${READER}`;
      await environment.services.member.inject({ method: 'PATCH', url, payload: { name } });
      assert.equal((await send(environment, query)).body.data.viewer.member.name, name);
      assert.equal((await sendUncached(environment, query)).body.data.viewer.member.name, name);
    }
  });

  it('begins before the client gets its answer', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const upstream = createUpstream({
      name: 'x',
      urls: [new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)],
      dnsServers: [],
      viewerKey: undefined,
      attemptTimeoutMs: 30_000,
      writeTimeoutMs: 60_000,
      utilization: () => 0,
      writes: { seen: 0 },
      metrics: createTestMetrics().upstreams,
      log: pino({ level: 'silent' }),
    });
    using callers = createCallers();
    const write = upstream.write('w');
    const changes: (readonly [readonly string[], boolean])[] = [];
    const recorder = {
      changed(tags: readonly string[], isCertain: boolean) {
        changes.push([tags, isCertain]);
        return undefined;
      },
    };
    const call = { ...callers.call(200), recorder };
    const sent = write(
      { method: 'POST', target: target(['w']), tagsOf: () => ['Loan:1'] },
      call,
      () => 1,
    );
    try {
      await assert.rejects(sent, { message: UNKNOWN_OUTCOME });
      assert.deepEqual(changes, [[['Loan:1'], false]]);
    } finally {
      upstream.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
