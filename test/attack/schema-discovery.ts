import {
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedDirective,
} from 'graphql';

/** What a schema is made of: the names that someone who does not know it would like to know. */
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

/** What every GraphQL service has, and everyone knows. */
const SPECIFIED = new Set(['String', 'Int', 'Float', 'Boolean', 'ID', 'Query', 'Mutation']);

/**
 * Words that error messages in plain English need; each happens to be a field or an argument too,
 * so that seeing one tells nothing, unless it stands in quotation marks.
 */
const ENGLISH = new Set(
  'after amount body code currency customer email field first id input items kind message name next node notifications order orders place placed role search status title total user users'.split(
    ' ',
  ),
);

/**
 * The names of the schema that an answer's errors give away: those that the request did not have.
 * @param sent - everything that the attacker wrote
 */
export function leakedNames(text: string, sent: string, names: ReadonlySet<string>): string[] {
  const told = toldBy(text);
  const known = new Set(sent.match(/\w+/g));
  const quoted = new Set([...told.matchAll(QUOTED)].flatMap(([part]) => part.match(/\w+/g) ?? []));
  const words = new Set(told.match(/\w+/g));
  return [...words].filter(
    (word) => names.has(word) && !known.has(word) && (quoted.has(word) || !ENGLISH.has(word)),
  );
}

const QUOTED = /"[^"]*"|`[^`]*`/g;

/** What an answer's errors say: their messages, and what stands beside them but for the code. */
function toldBy(text: string): string {
  const errors: { message?: string; extensions?: Record<string, unknown> }[] =
    JSON.parse(text).errors ?? [];
  return errors
    .flatMap(({ message = '', extensions = {} }) => {
      const beside = Object.entries(extensions).filter(
        ([name]) => name !== 'code' && name !== 'requestId',
      );
      return [message, ...beside.map(([, value]) => JSON.stringify(value))];
    })
    .join('\n');
}

/** Names that are nearly right, as suggestions are made for. */
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
 * What a tool such as clairvoyance sends that guesses schemas: each word of a list as a field, an
 * argument, a type, an enum value, an input field and a directive.
 */
export const guessesFor = (word: string): string[] => [
  `{ ${word} }`,
  `{ ${word} { id } }`,
  `mutation { ${word} }`,
  `{ profile(${word}: 1) { name } }`,
  `{ profile(id: 1) { ${word} } }`,
  `{ profile(id: ${word}) { name } }`,
  `query ($a: ${word}) { profile(id: $a) { name } }`,
  `{ ...F } fragment F on ${word} { id }`,
  `{ __typename @${word} }`,
  `{ profile(id: 1) @include(${word}: true) { name } }`,
  `mutation { updateProfile(input: { ${word}: 1 }) { user { name } } }`,
  `mutation { placeOrder(input: { idempotencyKey: "1", currency: "EUR", items: [{ ${word}: 1 }] }) { order { total { amount } } } }`,
];
