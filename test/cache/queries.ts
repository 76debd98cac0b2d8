import { randomUUID } from 'node:crypto';
import type { AnyEnvironment, Environment, TestViewer } from '../support/environment.ts';
import type { LIBRARY_UPSTREAMS } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type GatedEnvironment, type Queries, type Query, queriesAs } from './environment.ts';

// Queries about two readers of the library, and mutations that change their answers.

export type Library = Environment<typeof LIBRARY_UPSTREAMS>;
export type GatedLibrary = GatedEnvironment<typeof LIBRARY_UPSTREAMS>;

export const READER = CAST.reader;
export const OTHER_READER = CAST.otherReader;

export const NOTICES: Query = { query: '{ notices { title } }' };

const connection = (fields: string) =>
  `{ edges { cursor node { ${fields} } } pageInfo { hasNextPage } }`;
const loansQuery = (args: string) => `{ viewer { loans${args} ${connection('id status')} } }`;

export const LOANS = {
  loans: loansQuery(''),
  'the first loans': loansQuery('(first: 2)'),
  active: loansQuery('(status: ACTIVE)'),
  returned: loansQuery('(status: RETURNED)'),
};

export const ACTIVE_COUNT = { 'active count': '{ viewer { activeCount } }' };

export const ACCOUNT = {
  account: '{ viewer { member { name } } }',
  'loans with their borrower': `{ viewer { loans(first: 1) ${connection('borrower { name }')} } }`,
};

export const HOME = {
  home: `{ home { member { name } loans { id status } activeCount notices { title } } }`,
  account: '{ home { member { name } } }',
  loans: '{ home { loans(first: 3) { id status } } }',
  'active count': '{ home { activeCount } }',
};

export const LIBRARIAN: Queries = queriesAs('staff', {
  members: `{ members(first: 50) ${connection('id name')} }`,
  'members by search': `{ members(search: "a", first: 50) ${connection('name')} }`,
  'recent loans': '{ recentLoans { id status } }',
});

export const memberQuery = (id: string): Queries => ({
  [`member ${id}`]: { query: `{ member(id: "${id}") { name } }` },
});

/** The query for the page after the first two loans. */
export async function nextPageQuery(environment: AnyEnvironment, as: TestViewer): Promise<Queries> {
  const { body } = await environment.send(LOANS['the first loans'], { as });
  const { cursor } = body.data.viewer.loans.edges[1];
  return queriesAs(as, { 'the next loans': loansQuery(`(first: 5, after: "${cursor}")`) });
}

/** Queries for one loan, as the viewer and as a librarian. */
export const loanQueries = (as: TestViewer, id: string): Queries => ({
  ...queriesAs(as, { [`loan ${id}`]: `{ loan(id: "${id}") { id status } }` }),
  ...queriesAs('staff', { [`loan ${id}`]: `{ loan(id: "${id}") { id status } }` }),
});

/** The id of a member's newest loan with a status. */
export async function loanIdWithStatus(
  environment: Library,
  member: string,
  status: 'active' | 'returned',
): Promise<string> {
  const path = `/loans?member=${member}&limit=50&status=${status}`;
  return (await environment.read('lending', path)).loans[0].id;
}

let names = 0;
const uniqueName = () => `A Unique Name ${String.fromCharCode(97 + names++)}`;

/** Renames a member, by default to a name that no other call uses. */
export const rename = (as: TestViewer = READER, name = uniqueName()): Query => ({
  as,
  query: `mutation ($name: String!) { renameMember(name: $name) {
    member { name } userErrors { code } } }`,
  variables: { name },
});
export const borrow = (as: TestViewer = READER, title = 'The Atlas'): Query => ({
  as,
  query: `mutation ($input: BorrowInput!) { borrow(input: $input) {
    loan { id } userErrors { code } } }`,
  variables: { input: { idempotencyKey: randomUUID(), title } },
});
export const returnLoan = (id: string, as: TestViewer = READER): Query => ({
  as,
  query: 'mutation ($id: ID!) { returnLoan(id: $id) { loan { status } } }',
  variables: { id },
});
