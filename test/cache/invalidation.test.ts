import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import {
  CACHED,
  hitsAmong,
  outcomeOf,
  type Queries,
  type Query,
  queriesAs,
  send,
  warmCache,
} from './environment.ts';
import { assertRefused } from './invalidation-helpers.ts';
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
  nextPageQuery,
  OTHER_READER,
  READER,
  rename,
  returnLoan,
} from './queries.ts';
import { shareCached } from './shared-environment.ts';

const { account } = ACCOUNT;

/** Warms the cache and sends a mutation, which succeeds. @returns the queries that are still hits */
async function hitsAfter(
  environment: Library,
  copies: Queries,
  mutation: Query,
): Promise<string[]> {
  await warmCache(environment, copies);
  const { body } = await send(environment, mutation);
  assert.equal(body.errors, undefined, JSON.stringify(body.errors));
  return hitsAmong(environment, copies);
}

describe('Mutation', () => {
  const environment = shareCached(library);

  it('makes the answers with its object stale before its answer, and no others', async () => {
    const unaffected = {
      ...queriesAs(READER, { ...LOANS, ...ACTIVE_COUNT }),
      ...queriesAs(OTHER_READER, { ...ACCOUNT, ...HOME }),
      ...memberQuery(OTHER_READER),
    };
    const copies = {
      ...queriesAs(READER, ACCOUNT),
      ...memberQuery(READER),
      ...LIBRARIAN,
      ...unaffected,
    };
    assert.deepEqual(await hitsAfter(environment, copies, rename()), [
      'staff: recent loans',
      ...Object.keys(unaffected),
    ]);
  });

  it('makes the lists with a new object stale before its answer, and none of other viewers', async () => {
    const { loans, active, 'the first loans': first } = LOANS;
    const unaffected = {
      ...queriesAs(READER, { account }),
      ...queriesAs(OTHER_READER, { ...LOANS, ...ACTIVE_COUNT, ...ACCOUNT }),
      ...memberQuery(READER),
    };
    const own = {
      ...queriesAs(READER, { loans, active, first, ...ACTIVE_COUNT }),
      ...(await nextPageQuery(environment, READER)),
      ...LIBRARIAN,
    };
    assert.deepEqual(await hitsAfter(environment, { ...own, ...unaffected }, borrow()), [
      'staff: members',
      'staff: members by search',
      ...Object.keys(unaffected),
    ]);
  });

  it('makes the object and the lists that it leaves or enters stale before its answer', async () => {
    const id = await loanIdWithStatus(environment, READER, 'active');
    const other = await loanIdWithStatus(environment, READER, 'returned');
    const unaffected = {
      ...(await nextPageQuery(environment, READER)),
      ...loanQueries(READER, other),
      ...queriesAs(READER, { account }),
      ...queriesAs(OTHER_READER, { ...LOANS, ...ACCOUNT }),
    };
    const own = { ...queriesAs(READER, LOANS), ...loanQueries(READER, id) };
    assert.deepEqual(
      await hitsAfter(environment, { ...own, ...unaffected }, returnLoan(id)),
      Object.keys(unaffected),
    );
  });

  it('by staff makes the answers of the owner stale before its answer', async () => {
    const id = await loanIdWithStatus(environment, OTHER_READER, 'active');
    const unaffected = queriesAs(READER, LOANS);
    const { loans, active, returned } = LOANS;
    const own = {
      ...queriesAs(OTHER_READER, { loans, active, returned }),
      ...loanQueries(OTHER_READER, id),
    };
    assert.deepEqual(
      await hitsAfter(environment, { ...own, ...unaffected }, returnLoan(id, 'staff')),
      Object.keys(unaffected),
    );
  });

  it('makes answers with data of several upstreams stale before its answer', async () => {
    const unaffected = queriesAs(OTHER_READER, HOME);
    const copies = { ...queriesAs(READER, HOME), ...unaffected };
    const hits = (...names: string[]) => [
      ...names.map((name) => `${READER}: ${name}`),
      ...Object.keys(unaffected),
    ];
    assert.deepEqual(await hitsAfter(environment, copies, rename()), hits('loans', 'active count'));
    assert.deepEqual(await hitsAfter(environment, copies, borrow()), hits('account'));
  });
});

const ALL_QUERIES: Queries = {
  ...queriesAs(READER, { ...ACCOUNT, ...LOANS, ...ACTIVE_COUNT }),
  ...queriesAs(OTHER_READER, { ...ACTIVE_COUNT, loans: LOANS.loans }),
  ...LIBRARIAN,
  ...memberQuery(READER),
};

describe('Refused mutation', () => {
  const environment = shareCached(library);
  const refusals: Record<
    string,
    [code: string, mutation: (environment: Library) => Promise<Query> | Query]
  > = {
    'an invalid value': ['BLANK', () => rename(READER, ' ')],
    'an object of another viewer': [
      'NOT_FOUND',
      async (environment) =>
        returnLoan(await loanIdWithStatus(environment, OTHER_READER, 'active')),
    ],
    'an object that does not exist': ['NOT_FOUND', () => returnLoan('999999')],
    'an object that does not exist, changed by staff': [
      'NOT_FOUND',
      () => returnLoan('999999', 'staff'),
    ],
    'a deleted object': ['NOT_FOUND', () => rename(CAST.deleted)],
    'an argument of a wrong type': [
      'BAD_USER_INPUT',
      () => ({ ...rename(), variables: { name: 7 } }),
    ],
    'an anonymous viewer': ['UNAUTHENTICATED', () => rename('anonymous')],
  };
  for (const [label, [code, mutation]] of Object.entries(refusals)) {
    it(`leaves the cache as it is: ${label}`, async () => {
      await assertRefused(environment, ALL_QUERIES, await mutation(environment), code);
    });
  }

  it('leaves the cache as it is if the service is down', async () => {
    await using environment = await startEnvironment(library, CACHED);
    await warmCache(environment, ALL_QUERIES);
    await environment.services.lending.close();
    assert.equal((await send(environment, borrow())).body.errors.length, 1);
    for (const [name, copy] of Object.entries(ALL_QUERIES)) {
      assert.equal(outcomeOf(await send(environment, copy)), 'hit', name);
    }
  });
});

describe('New object', () => {
  const environment = shareCached(library);

  it('appears in lists that were empty', async () => {
    const copies = queriesAs(CAST.noLoans, LOANS);
    await warmCache(environment, copies);
    const { data } = (await send(environment, borrow(CAST.noLoans))).body;
    await hitsAmong(environment, copies);
    const { body } = await environment.send(LOANS.active, { as: CAST.noLoans });
    const [edge] = body.data.viewer.loans.edges;
    assert.equal(edge.node.id, data.borrow.loan.id);
  });

  it('is found by an id that was requested before it existed', async () => {
    const borrowOne = async () => (await send(environment, borrow())).body.data.borrow.loan.id;
    const next = String(Number(await borrowOne()) + 1);
    const copies = Object.values(loanQueries(READER, next));
    for (const copy of [...copies, ...copies]) {
      const missing = await send(environment, copy);
      assert.equal(missing.body.errors[0].extensions.code, 'NOT_FOUND');
      assert.equal(outcomeOf(missing), 'not stored');
    }
    assert.equal(await borrowOne(), next);
    for (const copy of copies) {
      assert.equal((await send(environment, copy)).body.data.loan.id, next);
    }
  });

  it('appears in lists that it enters by a change', async () => {
    const { data } = (await send(environment, borrow(CAST.noLoans))).body;
    const copies = queriesAs(CAST.noLoans, { returned: LOANS.returned });
    await warmCache(environment, copies);
    await send(environment, returnLoan(data.borrow.loan.id, CAST.noLoans));
    assert.deepEqual(await hitsAmong(environment, copies), []);
  });

  it('is not hidden by a stored answer about a missing object', async () => {
    const query = '{ member(id: "999999") { name } }';
    for (let time = 0; time < 2; time++) {
      const answer = await environment.send(query);
      assert.equal(answer.body.errors[0].extensions.code, 'NOT_FOUND');
      assert.equal(outcomeOf(answer), 'not stored');
    }
  });
});
