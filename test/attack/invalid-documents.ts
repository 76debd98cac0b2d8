import type { Json } from '../support/environment.ts';

/** A document that breaks a rule, with as few names of the schema as can be. */
export interface InvalidDocument {
  readonly query: string;
  readonly variables?: Readonly<Record<string, Json>>;
}

/** Documents for each rule of graphql-js; the test sees to it that none is left out. */
export const INVALID_DOCUMENTS: readonly InvalidDocument[] = [
  { query: 'type Guess { a: Int } { __typename }' },
  { query: 'query A { __typename } query A { __typename }' },
  { query: '{ __typename } { __typename }' },
  { query: 'subscription { a b }' },
  { query: '{ ... on Guess { a } }' },
  { query: '{ ...F } fragment F on String { a }' },
  { query: 'query ($a: Query) { __typename }' },
  { query: 'query ($a: Profile) { __typename }' },
  { query: '{ profile(id: 1) }' },
  { query: '{ profile(id: 1) { name { a } } }' },
  { query: '{ __typename { a } }' },
  { query: '{ guess }' },
  { query: '{ profile(id: 1) { guess } }' },
  { query: 'mutation { guess }' },
  { query: '{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }' },
  { query: '{ ...F }' },
  { query: '{ __typename } fragment F on Query { __typename }' },
  { query: '{ ... on Profile { name } }' },
  { query: '{ ...F } fragment F on Profile { name }' },
  { query: '{ ...F } fragment F on Query { ...F }' },
  { query: 'query ($a: Int, $a: Int) { __typename }' },
  { query: '{ profile(id: $a) { name } }' },
  { query: 'query ($a: Int) { __typename }' },
  { query: '{ __typename @guess }' },
  { query: 'query @include(if: true) { __typename }' },
  { query: '{ __typename @include(if: true) @include(if: true) }' },
  { query: '{ __typename @include }' },
  { query: '{ __typename @include(guess: true) }' },
  { query: '{ profile(id: 1, guess: 1) { name } }' },
  { query: '{ profile(id: 1, id: 1) { name } }' },
  { query: '{ profile { name } }' },
  { query: '{ profile(id: [1, 2]) { name } }' },
  { query: '{ profile(id: { a: 1 }) { name } }' },
  { query: '{ profile(id: GUESS) { name } }' },
  { query: '{ profile(id: null) { name } }' },
  { query: 'query ($a: String) { profile(id: $a) { name } }' },
  { query: 'query ($a: [ID!]) { profile(id: $a) { name } }' },
  { query: 'query ($a: Int = "x") { __typename @include(if: $a) }' },
  { query: '{ a: profile(id: 1) { name } a: profile(id: 2) { name } }' },
  { query: '{ a: profile(id: 1) { b: name } a: profile(id: 1) { b: __typename } }' },
  { query: 'mutation { updateProfile(input: { name: "a", name: "b" }) { user { name } } }' },
  { query: 'mutation { updateProfile { user { name } } }' },
  { query: 'mutation { updateProfile(input: { guess: 1 }) { user { name } } }' },
  { query: 'mutation { updateProfile(input: 1) { user { name } } }' },
  { query: 'mutation { placeOrder(input: {}) { order { placedAt } } }' },
  { query: 'mutation { placeOrder(input: { items: [{}] }) { order { placedAt } } }' },
  {
    query:
      '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }',
  },
  {
    query:
      '{ __schema { types { fields { type { ofType { fields { type { ofType { fields { name } } } } } } } } } }',
  },
  // What is found when variables are read.
  { query: 'query ($a: ID!) { profile(id: $a) { name } }' },
  { query: 'query ($a: ID!) { profile(id: $a) { name } }', variables: { a: null } },
  { query: 'query ($a: ID!) { profile(id: $a) { name } }', variables: { a: {} } },
  { query: 'query ($a: ID!) { profile(id: $a) { name } }', variables: { a: [1] } },
  { query: 'query ($a: ID!) { profile(id: $a) { name } }', variables: { a: true } },
  { query: 'query ($a: Guess!) { profile(id: $a) { name } }', variables: { a: 1 } },
  ...[null, 1, 'x', [], {}, { guess: 1 }, { nam: 'x' }, { name: 1 }, { name: { a: 1 } }].map(
    (a) => ({
      query: 'mutation ($a: UpdateProfileInput!) { updateProfile(input: $a) { user { id } } }',
      variables: { a },
    }),
  ),
  ...[{}, { items: 1 }, { items: [1] }, { items: [{}] }, { items: [{ quantity: 'x' }] }].map(
    (a) => ({
      query: 'mutation ($a: PlaceOrderInput!) { placeOrder(input: $a) { order { id } } }',
      variables: { a },
    }),
  ),
  ...['GUESS', 'PLACE', 1, null, {}, ['x']].map((a) => ({
    query: 'query ($a: OrderStatus) { profile(id: $a) { name } }',
    variables: { a },
  })),
];

/** Ways to ask a schema for itself. */
export const INTROSPECTIONS: readonly InvalidDocument[] = [
  { query: '{ __schema { types { name } } }' },
  { query: '{ __schema { queryType { name } } }' },
  { query: '{ __type(name: "Query") { fields { name } } }' },
  { query: '{ __type(name: "User") { name } }' },
  { query: '{ a: __schema { directives { name } } }' },
  { query: '{ ...F } fragment F on Query { __schema { types { name } } }' },
  { query: '{ ... { ... on Query { b: __type(name: "Query") { name } } } }' },
  { query: 'query ($a: Boolean = true) { __schema @include(if: $a) { types { name } } }' },
  { query: 'mutation { __typename __schema { types { name } } }' },
  { query: '{ __typename __SCHEMA { types { name } } }' },
  { query: '#\n{\n__schema\n{types{name}}}' },
  { query: '{ _service { sdl } }' },
  { query: '{ _entities(representations: []) { __typename } }' },
  {
    query:
      'query IntrospectionQuery { __schema { ...T } } fragment T on __Schema { types { name } }',
  },
];
