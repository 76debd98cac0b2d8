import type { Json } from '../support/environment.ts';
import type { SchemaSamples } from './schema-samples.ts';

/** An invalid document, with as few names of the schema as possible. */
export interface InvalidDocument {
  readonly query: string;
  readonly variables?: Readonly<Record<string, Json>>;
}

/** At least one document for each validation rule of graphql-js; the test checks that none is missing. */
export function invalidDocumentsFor({
  lookup,
  inputMutations,
  enumType = 'Guess',
}: SchemaSamples): readonly InvalidDocument[] {
  const { field, argument, type, leaf, select } = lookup;
  const lookupByVariable = (declared: string) => `query ($a: ${declared}) { ${select('$a')} }`;
  return [
    { query: 'type Guess { a: Int } { __typename }' },
    { query: 'query A { __typename } query A { __typename }' },
    { query: '{ __typename } { __typename }' },
    { query: 'subscription { a b }' },
    { query: '{ ... on Guess { a } }' },
    { query: '{ ...F } fragment F on String { a }' },
    { query: 'query ($a: Query) { __typename }' },
    { query: `query ($a: ${type}) { __typename }` },
    { query: `{ ${field}(${argument}: 1) }` },
    { query: `{ ${field}(${argument}: 1) { ${leaf} { a } } }` },
    { query: '{ __typename { a } }' },
    { query: '{ guess }' },
    { query: `{ ${field}(${argument}: 1) { guess } }` },
    { query: 'mutation { guess }' },
    { query: '{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }' },
    { query: '{ ...F }' },
    { query: '{ __typename } fragment F on Query { __typename }' },
    { query: `{ ... on ${type} { ${leaf} } }` },
    { query: `{ ...F } fragment F on ${type} { ${leaf} }` },
    { query: '{ ...F } fragment F on Query { ...F }' },
    { query: 'query ($a: Int, $a: Int) { __typename }' },
    { query: `{ ${select('$a')} }` },
    { query: 'query ($a: Int) { __typename }' },
    { query: '{ __typename @guess }' },
    { query: 'query @include(if: true) { __typename }' },
    { query: '{ __typename @include(if: true) @include(if: true) }' },
    { query: '{ __typename @include }' },
    { query: '{ __typename @include(guess: true) }' },
    { query: `{ ${field}(${argument}: 1, guess: 1) { ${leaf} } }` },
    { query: `{ ${field}(${argument}: 1, ${argument}: 1) { ${leaf} } }` },
    { query: `{ ${field} { ${leaf} } }` },
    { query: `{ ${select('[1, 2]')} }` },
    { query: `{ ${select('{ a: 1 }')} }` },
    { query: `{ ${select('GUESS')} }` },
    { query: `{ ${select('null')} }` },
    { query: lookupByVariable('String') },
    { query: lookupByVariable('[ID!]') },
    { query: 'query ($a: Int = "x") { __typename @include(if: $a) }' },
    { query: `{ a: ${select('1')} a: ${select('2')} }` },
    {
      query: `{ a: ${field}(${argument}: 1) { b: ${leaf} } a: ${field}(${argument}: 1) { b: __typename } }`,
    },
    {
      query:
        '{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }',
    },
    {
      query:
        '{ __schema { types { fields { type { ofType { fields { type { ofType { fields { name } } } } } } } } } }',
    },
    // Errors in the values of variables.
    { query: lookupByVariable('ID!') },
    ...[null, {}, [1], true].map((a) => ({ query: lookupByVariable('ID!'), variables: { a } })),
    { query: lookupByVariable('Guess!'), variables: { a: 1 } },
    ...['GUESS', 'PLACE', 1, null, {}, ['x']].map((a) => ({
      query: lookupByVariable(enumType),
      variables: { a },
    })),
    ...inputMutations.flatMap(invalidInputs),
  ];
}

function invalidInputs(mutation: SchemaSamples['inputMutations'][number]): InvalidDocument[] {
  const { field, argument, inputType, inputField, listField, payload } = mutation;
  const withInput = (input: string) => ({
    query: `mutation { ${field}(${argument}: ${input}) ${payload} }`,
  });
  const values = [
    null,
    1,
    'x',
    [],
    {},
    { guess: 1 },
    { [inputField.slice(0, -1)]: 'x' },
    { [inputField]: 1 },
    { [inputField]: { a: 1 } },
    ...(listField ? [1, [1], [{}], [{ guess: 'x' }]].map((list) => ({ [listField]: list })) : []),
  ];
  return [
    { query: `mutation { ${field} ${payload} }` },
    withInput(`{ ${inputField}: "a", ${inputField}: "b" }`),
    withInput('{ guess: 1 }'),
    withInput('1'),
    withInput('{}'),
    ...(listField ? [withInput(`{ ${listField}: [{}] }`)] : []),
    ...values.map((a) => ({
      query: `mutation ($a: ${inputType}!) { ${field}(${argument}: $a) ${payload} }`,
      variables: { a },
    })),
  ];
}

/** Documents that ask for the schema. */
export const INTROSPECTION_DOCUMENTS: readonly InvalidDocument[] = [
  { query: '{ __schema { types { name } } }' },
  { query: '{ __schema { queryType { name } } }' },
  { query: '{ __type(name: "Query") { fields { name } } }' },
  { query: '{ __type(name: "Mutation") { name } }' },
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
