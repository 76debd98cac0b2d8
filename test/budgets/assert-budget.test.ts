import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json } from '../support/environment.ts';
import { type LibraryContext, library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { assertBudget, type BudgetCase } from './assert-budget.ts';
import { type Budget, parseBudgets } from './call-budgets.ts';
import { type CountedEnvironment, startUncached } from './call-waves.ts';

const budgets = parseBudgets(
  `Home: 4 calls in 1 wave
  1  membersByIds    home.member
  1  loansByMembers  home.loans
  1  activeCounts    home.activeCount
  1  notices         home.notices

RecentLoans: 2 calls in 2 waves
  1  recentLoans     recentLoans
  2  membersByIds    recentLoans.borrower

LoanDetail: 2 calls in 2 waves
  1  loansByIds      loan
  2  membersByIds    loan.borrower

MemberName: 1 call in 1 wave
  1  membersByIds    member`,
  'assert-budget.test.ts',
);
const budgetOf = (name: string): Budget => budgets.get(name) ?? [];

const home: BudgetCase = {
  name: 'Home',
  source: `{ home {
    member { name } loans { id title } activeCount notices { title }
  } }`,
  budget: budgetOf('Home'),
  as: CAST.reader,
};

type Resolve = (parent: Json, args: Json, context: LibraryContext) => unknown;

/** The library with other resolvers for some fields, by type and name. */
function withResolvers(fields: Record<string, Record<string, Resolve>>): typeof library {
  const own: Json = library.resolvers;
  const types = Object.entries(fields).map(([type, others]) => [type, { ...own[type], ...others }]);
  return { ...library, resolvers: { ...own, ...Object.fromEntries(types) } };
}

/** The message of `assertBudget` for an operation that does not meet its budget. */
async function failureOf(bff: typeof library, budgetCase: BudgetCase): Promise<string> {
  await using environment = await startUncached(bff);
  const error = await assertBudget(environment, budgetCase).then(
    () => assert.fail('the budget is met'),
    (error: Error) => error,
  );
  return error.message;
}

describe('assertBudget', () => {
  it('accepts an operation that meets its budget', async () => {
    await using environment = await startUncached(library);
    const { body } = await assertBudget(environment, home);
    assert.equal(body.errors, undefined);
  });

  it('names the field that makes one more call', async () => {
    const activeCount: Resolve = async ({ id }, _args, { datasources }) => {
      const { members, loans } = datasources;
      const extra = members.page({ first: 1, search: null });
      const [count] = await Promise.all([loans.activeCount(id), extra]);
      return count;
    };
    assert.equal(
      await failureOf(withResolvers({ Home: { activeCount } }), home),
      `Home: the budget is 4 calls in 1 wave, but it makes 5 calls in 1 wave.
  budget:   activeCounts, loansByMembers, membersByIds, notices
  actual:   activeCounts, loansByMembers, membersByIds, notices, searchMembers
  surplus:  searchMembers in wave 1
  cause:    home.activeCount`,
    );
  });

  it('names the field that waits for a call that it does not need', async () => {
    const activeCount: Resolve = async ({ id }, _args, { datasources }) => {
      await datasources.loans.byMember(id, { first: 5 });
      return datasources.loans.activeCount(id);
    };
    const message = await failureOf(withResolvers({ Home: { activeCount } }), home);
    assert.match(
      message,
      /^Home: the budget is 4 calls in 1 wave, but it makes 4 calls in 2 waves\.$/m,
    );
    assert.match(message, /^ {2}surplus: {2}activeCounts in wave 2$/m);
    assert.match(message, /^ {2}cause: {4}home\.activeCount$/m);
    assert.match(message, /^ {2}missing: {2}activeCounts in wave 1$/m);
  });

  it('names the field that makes a call for each element of a list', async () => {
    const borrower: Resolve = async ({ memberId: id }, _args, { datasources }) => {
      const { edges } = await datasources.members.page({ search: id, first: 1 });
      return edges[0]?.node ?? { id, name: '' };
    };
    const recentLoans: BudgetCase = {
      name: 'RecentLoans',
      source: '{ recentLoans(first: 20) { id borrower { id } } }',
      budget: budgetOf('RecentLoans'),
      as: 'staff',
    };
    const message = await failureOf(withResolvers({ Loan: { borrower } }), recentLoans);
    assert.match(
      message,
      /the budget is 2 calls in 2 waves, but it makes \d\d calls in 2 waves\.$/m,
    );
    assert.match(message, /^ {2}surplus: {2}\d\d × searchMembers in wave 2$/m);
    assert.match(message, /^ {2}cause: {4}recentLoans\.borrower$/m);
  });

  it('names the field that delays another one, not the delayed one', async () => {
    const loan: Resolve = async (_parent, { id }, { datasources }) => {
      await datasources.members.page({ first: 1, search: null });
      return datasources.loans.byId(id);
    };
    const loanDetail: BudgetCase = {
      name: 'LoanDetail',
      source: 'query ($id: ID!) { loan(id: $id) { id borrower { id } } }',
      budget: budgetOf('LoanDetail'),
      as: 'staff',
      variables: () => ({ id: '1' }),
    };
    const message = await failureOf(withResolvers({ Query: { loan } }), loanDetail);
    assert.match(
      message,
      /^ {2}surplus: {2}loansByIds in wave 2, membersByIds in wave 3, searchMembers in wave 1$/m,
    );
    assert.match(message, /^ {2}cause: {4}loan$/m);
  });

  it('names every cause, and no parent or sibling of one', async () => {
    const titleAfterPage =
      (first: number): Resolve =>
      async ({ title }, _args, { datasources }) => {
        await datasources.members.page({ first, search: null });
        return title;
      };
    const chatty = withResolvers({
      Loan: { title: titleAfterPage(2) },
      Notice: { title: titleAfterPage(3) },
    });
    const message = await failureOf(chatty, home);
    assert.match(message, /^ {2}cause: {4}home\.loans\.title, home\.notices\.title$/m);
  });

  it('reports a call that no field causes', async () => {
    await using environment = await startUncached(library);
    const withExtraCall: CountedEnvironment = {
      ...environment,
      send: async (query, options) => {
        const [response] = await Promise.all([
          environment.send(query, options),
          query === '{ __typename }' ? undefined : environment.send('{ notices { id } }'),
        ]);
        return response;
      },
    };
    const memberName: BudgetCase = {
      name: 'MemberName',
      source: `{ member(id: "${CAST.reader}") { name } }`,
      budget: budgetOf('MemberName'),
      as: 'anonymous',
    };
    await assert.rejects(
      assertBudget(withExtraCall, memberName),
      /surplus: {2}notices in wave 1\n {2}cause: {4}no field, also made without any$/,
    );
  });

  it('rejects a budget that is higher than the actual calls', async () => {
    assert.equal(
      await failureOf(withResolvers({ Home: { activeCount: () => 0 } }), home),
      `Home: the budget is 4 calls in 1 wave, but it makes 3 calls in 1 wave.
  budget:   activeCounts, loansByMembers, membersByIds, notices
  actual:   loansByMembers, membersByIds, notices
  missing:  activeCounts in wave 1
  The budget is too high: lower it to the actual calls.`,
    );
  });
});

describe('parseBudgets', () => {
  it('rejects an invalid table, and one whose sums are wrong', () => {
    const call = '  1  usersByIds  me.user';
    const parse = (text: string) => () => parseBudgets(text, 'x.txt');
    assert.equal(parse(`Me: 1 call in 1 wave\n${call}\n`)().size, 1);
    assert.throws(
      parse(`Me: 2 calls in 1 wave\n${call}`),
      /x\.txt: the calls add up to .*1 call in 1 wave/,
    );
    assert.throws(
      parse(`Me: 1 call in 2 waves\n${call}`),
      /the calls add up to "Me: 1 call in 1 wave"/,
    );
    assert.throws(parse(call), /x\.txt: invalid line/);
    assert.throws(parse(`Me: 1 call in 1 wave\n  1  usersByIds`), /invalid line/);
    const me = `Me: 1 call in 1 wave\n${call}\n`;
    assert.throws(parse(me + me), /invalid line: Me/);
  });
});
