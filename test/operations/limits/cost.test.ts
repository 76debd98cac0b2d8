import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildSchema, getOperationAST, parse, validate } from 'graphql';
import { createCostReader } from '../../../src/operations/limits/index.ts';

const MAX_LIST_SIZE = 100;
const schema = buildSchema(`
  directive @cost(weight: Int!) on FIELD_DEFINITION | OBJECT
  directive @listSize(
    assumedSize: Int slicingArguments: [String!] sizedFields: [String!]
  ) on FIELD_DEFINITION
  type Query {
    name: String
    one: Thing
    search: Thing @cost(weight: 5)
    unknown: [Thing!]
    assumed: [Thing!] @listSize(assumedSize: 3)
    first(first: Int! = 4, last: Int): [Thing!]
      @listSize(slicingArguments: ["first", "last"])
    byIds(ids: [ID!]!): [Thing!] @listSize(slicingArguments: ["ids"])
    page(first: Int): Page @listSize(slicingArguments: ["first"], sizedFields: ["edges"])
    any: Any
  }
  type Mutation { change: Thing @cost(weight: 10) }
  type Thing { id: ID! name: String expensive: Expensive things(first: Int!): [Thing!] @listSize(slicingArguments: ["first"]) }
  type Expensive @cost(weight: 7) { id: ID! }
  type Page { edges: [Edge!]! total: Int }
  type Edge { node: Thing! }
  union Any = Thing | Expensive
`);
const costOf = createCostReader(schema, MAX_LIST_SIZE);

function cost(text: string, variables: Record<string, unknown> = {}): number {
  const document = parse(text);
  assert.deepEqual(validate(schema, document), []);
  const definition = getOperationAST(document);
  assert.ok(definition);
  return costOf(document, definition)(variables);
}

describe('The static cost', () => {
  it('is 1 for each object, 0 for each scalar, and the weight of the schema for others', () => {
    const cases: [text: string, cost: number][] = [
      ['{ name __typename }', 0],
      ['{ one { id name } }', 1],
      ['{ a: one { id } b: one { id } }', 2],
      ['{ search { id } }', 6],
      ['{ one { expensive { id } } }', 8],
      ['{ any { ... on Thing { id } ... on Expensive { id } } }', 7],
      ['mutation { change { id } }', 11],
      ['{ __schema { types { name } } }', 0],
      ['{ one { id } ... @skip(if: true) { one { id } } }', 2],
    ];
    for (const [text, expected] of cases) assert.equal(cost(text), expected, text);
  });

  it('counts the objects of a list as often as its maximum length', () => {
    const cases: [text: string, cost: number, variables?: Record<string, unknown>][] = [
      ['{ unknown { id } }', 10],
      ['{ assumed { expensive { id } } }', 3 * 8],
      ['{ first { id } }', 4],
      ['{ first(first: 20) { id } }', 20],
      ['{ first(first: 2, last: 6) { id } }', 6],
      ['{ first(first: -5) { id } }', 1],
      ['query ($n: Int!) { first(first: $n) { id } }', 30, { n: 30 }],
      ['query ($n: Int! = 9) { first(first: $n) { id } }', 9, { n: 9 }],
      ['{ byIds(ids: ["1", "2"]) { id } }', 2],
      ['query ($ids: [ID!]!) { byIds(ids: $ids) { id } }', 3, { ids: ['1', '2', '3'] }],
      ['{ page(first: 5) { total edges { node { id } } } }', 1 + 5 * 2],
      ['{ page(first: 5) { ...E } } fragment E on Page { edges { node { id } } }', 1 + 5 * 2],
      ['{ page { edges { node { id } } } }', 1 + 10 * 2],
      ['{ first(first: 10) { things(first: 10) { things(first: 10) { id } } } }', 10 + 100 + 1_000],
    ];
    for (const [text, expected, variables] of cases) {
      assert.equal(cost(text, variables), expected, text);
    }
  });

  it('refuses a list above the maximum length, also in a variable', () => {
    const refused = {
      code: 'QUERY_TOO_COMPLEX',
      details: { exceeded: 'listSize', limit: MAX_LIST_SIZE, actual: 101 },
    };
    assert.throws(() => cost('{ first(first: 101) { id } }'), refused);
    assert.throws(() => cost('query ($n: Int!) { first(first: $n) { id } }', { n: 101 }), refused);
    const ids = Array.from({ length: 101 }, String);
    assert.throws(() => cost('query ($ids: [ID!]!) { byIds(ids: $ids) { id } }', { ids }), refused);
    assert.equal(cost('{ first(first: 100) { id } }'), 100);
  });
});
