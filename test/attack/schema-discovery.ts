import {
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedDirective,
} from 'graphql';
import type { SchemaSamples } from './schema-samples.ts';

/** All names of a schema: types, enum values, fields, arguments and directives. */
export function namesOf(schema: GraphQLSchema): Set<string> {
  const names = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || SPECIFIED.has(type.name)) continue;
    names.add(type.name);
    if (isEnumType(type)) for (const { name } of type.getValues()) names.add(name);
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      names.add(field.name);
      if ('args' in field) for (const { name } of field.args) names.add(name);
    }
  }
  for (const directive of schema.getDirectives()) {
    if (!isSpecifiedDirective(directive)) names.add(directive.name);
  }
  return names;
}

/** Names of every GraphQL service. */
const SPECIFIED = new Set(['String', 'Int', 'Float', 'Boolean', 'ID', 'Query', 'Mutation']);

/** English words of our error messages; they leak a name of the schema only if they are quoted. */
const ENGLISH = new Set(
  'after amount body code currency customer email field first id input items kind message name next node notifications order orders place placed role search status title total user users'.split(
    ' ',
  ),
);

/**
 * The names of the schema that the errors of a response reveal.
 * @param sent - the text of the request: its names are not revealed
 */
export function leakedNames(text: string, sent: string, names: ReadonlySet<string>): string[] {
  const messages = errorTexts(text);
  const known = new Set(sent.match(/\w+/g));
  const quoted = new Set(
    [...messages.matchAll(QUOTED)].flatMap(([part]) => part.match(/\w+/g) ?? []),
  );
  const words = new Set(messages.match(/\w+/g));
  return [...words].filter(
    (word) => names.has(word) && !known.has(word) && (quoted.has(word) || !ENGLISH.has(word)),
  );
}

const QUOTED = /"[^"]*"|`[^`]*`/g;

/** The messages of all errors, and their extensions except for the code and the request id. */
function errorTexts(text: string): string {
  const errors: { message?: string; extensions?: Record<string, unknown> }[] =
    JSON.parse(text).errors ?? [];
  return errors
    .flatMap(({ message = '', extensions = {} }) => {
      const others = Object.entries(extensions).filter(
        ([name]) => name !== 'code' && name !== 'requestId',
      );
      return [message, ...others.map(([, value]) => JSON.stringify(value))];
    })
    .join('\n');
}

/** Misspellings of a name, for which graphql-js makes suggestions. */
export function misspellingsOf(name: string): string[] {
  const middle = Math.ceil(name.length / 2);
  return [
    `${name}x`,
    `${name}s`,
    name.slice(0, -1) || 'x',
    name.slice(0, middle) + name.slice(middle + 1) || 'x',
    `${name.slice(0, middle)}z${name.slice(middle)}`,
    name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase(),
  ].filter((wrong) => wrong !== name && /^[A-Za-z_]\w*$/.test(wrong));
}

/**
 * Documents of a tool such as clairvoyance, which guesses a schema: a word as a field, an argument, a
 * type, an enum value, an input field and a directive.
 */
export const guessesFor = (word: string, { lookup, inputMutations }: SchemaSamples): string[] => [
  `{ ${word} }`,
  `{ ${word} { id } }`,
  `mutation { ${word} }`,
  `{ ${lookup.field}(${word}: 1) { ${lookup.leaf} } }`,
  `{ ${lookup.field}(${lookup.argument}: 1) { ${word} } }`,
  `{ ${lookup.select(word)} }`,
  `query ($a: ${word}) { ${lookup.select('$a')} }`,
  `{ ...F } fragment F on ${word} { id }`,
  `{ __typename @${word} }`,
  `{ ${lookup.select('1')} @include(${word}: true) }`,
  ...inputMutations.flatMap(({ field, argument, listField, payload }) => [
    `mutation { ${field}(${argument}: { ${word}: 1 }) ${payload} }`,
    ...(listField
      ? [`mutation { ${field}(${argument}: { ${listField}: [{ ${word}: 1 }] }) ${payload} }`]
      : []),
  ]),
];
