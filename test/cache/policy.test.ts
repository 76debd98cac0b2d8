import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildSchema, type OperationDefinitionNode, parse } from 'graphql';
import { createPolicyReader, type ReadsOf } from '../../src/cache/policy.ts';

const DIRECTIVE = /* GraphQL */ `
  enum CacheControlScope { PUBLIC PRIVATE }
  directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
    on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
`;

/** The schema that explains the rules in Apollo's documentation, with variations. */
const BOOKS = /* GraphQL */ `
  type Query {
    book: Book
    cachedBook: Book @cacheControl(maxAge: 60)
    reader: Reader @cacheControl(maxAge: 40)
    count: Int
    cachedCount: Int @cacheControl(maxAge: 20)
    post: Post
    pinned: Post @cacheControl(maxAge: 10)
    inheritingPost: Post @cacheControl(inheritMaxAge: true)
    note: Note @cacheControl(maxAge: 50)
    ruledNote: RuledNote @cacheControl(maxAge: 50)
    never: Book @cacheControl(maxAge: 0)
    thing: Thing @cacheControl(maxAge: 100)
    item: Item @cacheControl(maxAge: 100)
    bareThing: Thing
  }
  type Mutation { change: Int @cacheControl(maxAge: 60) }
  type Book {
    title: String
    cachedTitle: String @cacheControl(maxAge: 30)
    author: Author
    cachedAuthor: Author @cacheControl(maxAge: 90)
  }
  type Author { name: String }
  type Reader {
    name: String
    book: Book @cacheControl(inheritMaxAge: true)
    bareBook: Book
  }
  type Post @cacheControl(maxAge: 240) { title: String comments: [Comment] }
  type Comment @cacheControl(inheritMaxAge: true) { text: String votes: Int @cacheControl(maxAge: 5) }
  type Note @cacheControl(inheritMaxAge: true) { text: String comments: [Comment!]! }
  type RuledNote { text: String comments: [Comment!]! @cacheControl(maxAge: 3) }
  interface Thing { name: String owner: Author }
  type Chair implements Thing @cacheControl(maxAge: 70) {
    name: String owner: Author @cacheControl(inheritMaxAge: true)
  }
  type Table implements Thing {
    name: String @cacheControl(maxAge: 15) owner: Author @cacheControl(maxAge: 25)
  }
  union Item = Chair | Table
`;

const readsNothing: ReadsOf = () => 'nothing';

function policyOf(sdl: string, query: string, readsOf = readsNothing) {
  const document = parse(query);
  const [operation] = document.definitions as OperationDefinitionNode[];
  const read = createPolicyReader(buildSchema(DIRECTIVE + sdl), readsOf);
  return read(document, operation as OperationDefinitionNode);
}

/** @see https://www.apollographql.com/docs/apollo-server/performance/caching */
const MAX_AGES: readonly [query: string, maxAge: number, why: string][] = [
  // The documentation's examples, in its order.
  ['query GetBookTitle { book { cachedTitle } }', 0, 'a root field without a hint'],
  [
    'query GetCachedBookTitle { cachedBook { title } }',
    60,
    'a scalar has the policy of its parent',
  ],
  [
    'query GetCachedBookCachedTitle { cachedBook { cachedTitle } }',
    30,
    'the strictest hint applies',
  ],
  ['query GetReaderBookTitle { reader { book { title } } }', 40, 'a field that inherits'],
  [
    'query GetReaderBookCachedTitle { reader { book { cachedTitle } } }',
    30,
    'a field below one that inherits',
  ],
  // Its rules, one by one.
  ['{ count }', 0, 'a root field that is a scalar without a hint'],
  ['{ cachedCount }', 20, 'a root scalar with a hint'],
  ['{ cachedBook { author { name } } }', 0, 'a nested object without a hint'],
  ['{ cachedBook { cachedAuthor { name } } }', 60, 'a nested object with a larger hint'],
  ['{ reader { bareBook { title } } }', 0, 'a nested object that does not inherit'],
  ['{ post { title } }', 240, 'the hint of a type'],
  ['{ pinned { title } }', 10, 'the hint of a field takes precedence over its type'],
  ['{ inheritingPost { title } }', 240, 'inheriting does not override the hint of the type'],
  ['{ note { text comments { text } } }', 50, 'types that inherit'],
  ['{ note { comments { votes } } }', 5, 'a stricter scalar below them'],
  [
    '{ ruledNote { comments { text } } }',
    3,
    'the hint of a field takes precedence over a type that inherits',
  ],
  ['{ never { title } }', 0, 'a hint of 0'],
  ['{ cachedBook { title } cachedCount }', 20, 'the strictest root field'],
  ['{ cachedBook { title } count }', 0, 'one root field without a hint'],
  ['mutation { change }', 0, 'mutations are never stored'],
  // If the answer is not known yet: the strictest one possible.
  ['{ cachedBook { title cachedTitle @skip(if: true) } }', 30, 'a field that may be skipped'],
  ['{ cachedBook { ...F } } fragment F on Book { ... { cachedTitle } }', 30, 'fragments'],
  ['{ a: cachedBook { title } b: cachedBook { x: cachedTitle } }', 30, 'aliases'],
  ['{ thing { __typename } }', 70, 'the strictest type of an interface'],
  ['{ thing { name } }', 15, 'a field, on the strictest type that has it'],
  ['{ thing { owner { name } } }', 25, 'an object, on the strictest type that has it'],
  ['{ thing { ... on Chair { name } } }', 70, 'only the types of a fragment'],
  ['{ item { ... on Table { name } } }', 15, 'the strictest type of a union'],
  ['{ bareThing { name } }', 0, 'an interface without a hint, whatever its types say'],
  // Fields that are never stored.
  ['{ __typename }', 0, 'no field with a resolver'],
  ['{ cachedCount __schema { description } }', 0, 'introspection'],
  ['{ cachedCount __typename }', 20, 'the name of a type beside it'],
];

describe('Cache policy maxAge', () => {
  for (const [query, maxAge, why] of MAX_AGES) {
    it(`is ${maxAge}: ${why}: ${query}`, () => assert.equal(policyOf(BOOKS, query).maxAge, maxAge));
  }
});

const SHARED = /* GraphQL */ `
  type Query {
    news: [News] @cacheControl(maxAge: 60, scope: PUBLIC)
    report: Report @cacheControl(maxAge: 60, scope: PUBLIC)
    mine: News @cacheControl(maxAge: 60)
    secret: News @cacheControl(maxAge: 60, scope: PRIVATE)
    typed: Typed @cacheControl(maxAge: 60)
    thing: Thing @cacheControl(maxAge: 60, scope: PUBLIC)
  }
  type News @cacheControl(inheritMaxAge: true) { text: String liked: Boolean @cacheControl(scope: PRIVATE) author: Author }
  type Author @cacheControl(inheritMaxAge: true) { name: String }
  type Report @cacheControl(inheritMaxAge: true) { text: String }
  type Typed @cacheControl(scope: PUBLIC) { text: String }
  interface Thing { text: String }
  type Own implements Thing @cacheControl(scope: PRIVATE) { text: String }
  type Other implements Thing { text: String }
`;
const RULES: Readonly<Record<string, ReturnType<ReadsOf>>> = {
  'Query.report': 'permissions',
  'News.author': 'viewer',
};
const rules: ReadsOf = (type, field) => RULES[`${type}.${field}`] ?? 'nothing';

const SCOPES: readonly [query: string, scope: string, why: string][] = [
  ['{ news { text } }', 'public', 'PUBLIC fields without a restricting rule'],
  ['{ report { text } }', 'role', 'a rule that reads permissions'],
  ['{ news { text } report { text } }', 'role', 'the rule that reads the most'],
  ['{ news { author { name } } }', 'user', 'a rule that reads the viewer'],
  ['{ mine { text } }', 'user', 'a field that is not PUBLIC'],
  ['{ news { text } mine { text } }', 'user', 'one root field that is not PUBLIC'],
  ['{ secret { text } }', 'user', 'a PRIVATE field'],
  ['{ news { liked } }', 'user', 'a PRIVATE field below a PUBLIC one'],
  ['{ news { text ...F } } fragment F on News { liked }', 'user', 'a PRIVATE field in a fragment'],
  ['{ news { text liked @include(if: false) } }', 'user', 'a PRIVATE field that may be skipped'],
  ['{ typed { text } }', 'public', 'a PUBLIC type'],
  ['{ thing { text } }', 'user', 'an interface with a PRIVATE type'],
  ['{ __typename }', 'user', 'no field with a resolver'],
];

describe('Cache policy scope', () => {
  for (const [query, scope, why] of SCOPES) {
    it(`is ${scope}: ${why}: ${query}`, () =>
      assert.equal(policyOf(SHARED, query, rules).scope, scope));
  }

  it('cannot come from a hint that the rule of the same field contradicts', () => {
    assert.throws(
      () => policyOf(SHARED, '{ mine { text } }', () => 'viewer'),
      /Query\.news is PUBLIC, but its rule reads the viewer/,
    );
  });

  it('takes linear time for fragments that spread one another many times', () => {
    const fragments = Array.from(
      { length: 40 },
      (_, n) => `fragment F${n} on News { ...F${n + 1} ...F${n + 1} }`,
    );
    const query = `{ news { ...F0 } } ${fragments.join(' ')} fragment F40 on News { liked }`;
    assert.equal(policyOf(SHARED, query, rules).scope, 'user');
  });
});

describe('Cache policy tags', () => {
  it('are those of the root fields', () => {
    assert.deepEqual(policyOf(SHARED, '{ a: news { text } report { text } }').tags, [
      'Query.news',
      'Query.report',
    ]);
  });
});
