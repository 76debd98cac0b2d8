import type { BffDefinition } from '../../src/bff.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { Json } from '../support/environment.ts';
import { type Lookup, type SchemaSamples, samplesOf } from './schema-samples.ts';

/** A document that costs the server more than its length suggests. */
export interface ExpensiveDocument {
  readonly name: string;
  readonly document: (size: number) => string;
  readonly size: number;
  /** A size that fits into a URL, and still exceeds a limit. */
  readonly smallSize: number;
  /** The possible error codes. */
  readonly codes: readonly ErrorCode[];
  readonly variables?: Readonly<Record<string, Json>>;
  readonly operationName?: string;
}

const LIMIT: readonly ErrorCode[] = ['QUERY_TOO_COMPLEX'];
/** For documents with several errors, of which the first one found counts. */
const ANY: readonly ErrorCode[] = [
  'QUERY_TOO_COMPLEX',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
];

const repeat = (count: number, make: (n: number) => string, separator = ' '): string =>
  Array.from({ length: count }, (_, n) => make(n)).join(separator);

const nest = (depth: number, open: string, close: string, inner = ''): string =>
  open.repeat(depth) + inner + close.repeat(depth);

/** Fragments that spread the next one twice: 2^size fields. */
const doubling = (size: number, leaf: string): string =>
  `{...F0}${repeat(size, (n) => `fragment F${n} on Query{...F${n + 1} ...F${n + 1}}`, '')}fragment F${size} on Query{${leaf}}`;

/** The same below an object, so that all fields must be compared with each other. */
const doublingBelow = (size: number, { field, argument, type, leaf }: Lookup): string =>
  `{${field}(${argument}:1){...F0}}${repeat(size, (n) => `fragment F${n} on ${type}{...F${n + 1} ...F${n + 1}}`, '')}fragment F${size} on ${type}{${leaf}}`;

const fragmentCycle = (size: number): string =>
  `{...F0}${repeat(size, (n) => `fragment F${n} on Query{...F${(n + 1) % size}}`, '')}`;

const documentsFor = ({ lookup }: SchemaSamples): readonly ExpensiveDocument[] => [
  {
    name: 'fragments that double 30 times',
    document: (size) => doubling(size, '__typename'),
    size: 30,
    smallSize: 25,
    codes: LIMIT,
  },
  {
    name: 'fragments that double, with an aliased field',
    document: (size) => doubling(size, `a:${lookup.select('1')}`),
    size: 30,
    smallSize: 25,
    codes: LIMIT,
  },
  {
    name: 'fragments that double below an object',
    document: (size) => doublingBelow(size, lookup),
    size: 30,
    smallSize: 25,
    codes: LIMIT,
  },
  {
    name: 'a fragment that spreads itself',
    document: fragmentCycle,
    size: 1,
    smallSize: 1,
    codes: ANY,
  },
  { name: 'a cycle of fragments', document: fragmentCycle, size: 2_000, smallSize: 40, codes: ANY },
  {
    name: '10,000 aliases',
    document: (size) => `{${repeat(size, (n) => `a${n}:${lookup.select('1')}`)}}`,
    size: 10_000,
    smallSize: 150,
    codes: LIMIT,
  },
  {
    name: '10,000 aliases of __typename',
    document: (size) => `{${repeat(size, (n) => `a${n}:__typename`)}}`,
    size: 10_000,
    smallSize: 200,
    codes: LIMIT,
  },
  {
    name: '10,000 aliases in inline fragments',
    document: (size) => `{${repeat(size, (n) => `...{a${n}:__typename}`)}}`,
    size: 10_000,
    smallSize: 150,
    codes: LIMIT,
  },
  {
    name: 'one field 10,000 times',
    document: (size) => `{${repeat(size, () => '__typename')}}`,
    size: 10_000,
    smallSize: 800,
    codes: LIMIT,
  },
  {
    name: '1,000 directives on one field',
    document: (size) => `{__typename${repeat(size, () => '@include(if:true)', '')}}`,
    size: 1_000,
    smallSize: 200,
    codes: ANY,
  },
  {
    name: '1,000 directives on as many fields',
    document: (size) =>
      `{${lookup.field}(${lookup.argument}:1){${repeat(size, () => `${lookup.leaf}@include(if:true)`)}}}`,
    size: 1_000,
    smallSize: 200,
    codes: LIMIT,
  },
  {
    name: '10,000 unknown directives',
    document: (size) => `{__typename${repeat(size, (n) => `@d${n}`, '')}}`,
    size: 10_000,
    smallSize: 200,
    codes: ANY,
  },
  {
    name: 'fields to a depth of 3,000',
    document: (size) => nest(size, '{a', '}'),
    size: 3_000,
    smallSize: 200,
    codes: ANY,
  },
  {
    name: 'inline fragments to a depth of 3,000',
    document: (size) => `{${nest(size, '...{', '}', '__typename')}}`,
    size: 3_000,
    smallSize: 700,
    codes: ANY,
  },
  {
    name: 'a list to a depth of 3,000 as an argument',
    document: (size) => `{${lookup.select(nest(size, '[', ']', '1'))}}`,
    size: 3_000,
    smallSize: 900,
    codes: ANY,
  },
  {
    name: 'an object to a depth of 3,000 as an argument',
    document: (size) => `{${lookup.select(nest(size, '{a:', '}', '1'))}}`,
    size: 3_000,
    smallSize: 600,
    codes: ANY,
  },
  {
    name: 'a variable of a list type to a depth of 3,000',
    document: (size) => `query($a:${nest(size, '[', ']', 'Int')}){__typename}`,
    size: 3_000,
    smallSize: 900,
    codes: ANY,
  },
  {
    name: '5,000 overlapping fields',
    document: (size) => `{${repeat(size, () => lookup.select('1'))}}`,
    size: 5_000,
    smallSize: 300,
    codes: LIMIT,
  },
  {
    name: '5,000 conflicting fields',
    document: (size) => `{${repeat(size, (n) => `a:${lookup.select(String(n))}`)}}`,
    size: 5_000,
    smallSize: 150,
    codes: ANY,
  },
  {
    name: 'one fragment spread 5,000 times',
    document: (size) => `{${repeat(size, () => '...F')}}fragment F on Query{__typename}`,
    size: 5_000,
    smallSize: 300,
    codes: LIMIT,
  },
  {
    name: '2,000 fragments, each spread once',
    document: (size) =>
      `{${repeat(size, (n) => `...F${n}`)}}${repeat(size, (n) => `fragment F${n} on Query{__typename}`, '')}`,
    size: 2_000,
    smallSize: 150,
    codes: LIMIT,
  },
  {
    name: '5,000 unused fragments',
    document: (size) =>
      `{__typename}${repeat(size, (n) => `fragment F${n} on Query{__typename}`, '')}`,
    size: 5_000,
    smallSize: 200,
    codes: ANY,
  },
  {
    name: '10,000 operations in one document',
    document: (size) => repeat(size, (n) => `query Q${n}{__typename}`, ''),
    size: 10_000,
    smallSize: 420,
    codes: ANY,
    operationName: 'Q0',
  },
  {
    name: '10,000 variables',
    document: (size) => `query(${repeat(size, (n) => `$v${n}:Int`, ',')}){__typename}`,
    size: 10_000,
    smallSize: 450,
    codes: ANY,
  },
  {
    name: '10,000 arguments',
    document: (size) => `{${lookup.select(`1,${repeat(size, (n) => `a${n}:1`, ',')}`)}}`,
    size: 10_000,
    smallSize: 450,
    codes: ANY,
  },
  {
    name: 'circular introspection',
    document: (size) => `{__schema{types${nest(size, '{fields{type', '}}', '{name}')}}}`,
    size: 500,
    smallSize: 20,
    codes: ANY,
  },
  {
    name: 'circular introspection in doubling fragments',
    document: (size) =>
      `{__schema{types{...F0}}}${repeat(size, (n) => `fragment F${n} on __Type{a:ofType{...F${n + 1}} b:ofType{...F${n + 1}}}`, '')}fragment F${size} on __Type{name}`,
    size: 30,
    smallSize: 25,
    codes: ANY,
  },
  {
    name: '30 aliases of the whole schema',
    document: (size) =>
      `{${repeat(size, (n) => `s${n}:__schema{types{...T}}`)}}fragment T on __Type{name fields{args{type{...R}}type{...R}}inputFields{type{...R}}possibleTypes{...R}}fragment R on __Type${nest(9, '{kind name ofType', '}', '{name}')}`,
    size: 30,
    smallSize: 6,
    codes: LIMIT,
  },
];

/** Documents with the size of a list; none if the schema has no such list. */
function listDocuments({ sizedList: list }: SchemaSamples): ExpensiveDocument[] {
  if (!list) return [];
  const millions = { size: 1_000_000, smallSize: 1_000_000, codes: LIMIT };
  return [
    {
      ...millions,
      name: 'a list of 1,000,000',
      document: (size) => list.replace('$size', String(size)),
    },
    {
      ...millions,
      name: 'a list of 1,000,000 by a variable',
      document: () => `query($size:Int!)${list}`,
      variables: { size: 1_000_000 },
    },
    {
      ...millions,
      name: "a list of 1,000,000 by a variable's default",
      document: (size) => `query($size:Int!=${size})${list}`,
    },
  ];
}

function nestedListDocuments({ nestedSizedList: list }: SchemaSamples): ExpensiveDocument[] {
  if (!list) return [];
  return [
    {
      name: 'nested lists, each of an allowed size',
      document: (size) => list.replaceAll('$size', String(size)),
      size: 50,
      smallSize: 50,
      codes: LIMIT,
    },
  ];
}

/** Documents through a type that leads back to itself; none if the schema has no such type. */
function cycleDocuments({ cycle, nestFromRoot, nestFrom }: SchemaSamples): ExpensiveDocument[] {
  if (!cycle) return [];
  const { start, type, steps } = cycle;
  const round = (innermost: string) => nestFrom(type, steps, innermost);
  const [open = '', close = ''] = round('{__typename}').split('{__typename}');
  return [
    {
      name: 'existing fields to a depth of 400',
      document: (size) =>
        `{${nestFromRoot(start, nest(size, `{${open}`, `${close}}`, '{__typename}'))}}`,
      size: 400,
      smallSize: 10,
      codes: LIMIT,
    },
    {
      name: 'fields that fan out by fragments and lists',
      document: (size) => {
        const twice = (n: number) => `{a:${round(`{...F${n + 1}}`)} b:${round(`{...F${n + 1}}`)}}`;
        const fragments = repeat(size, (n) => `fragment F${n} on ${type}${twice(n)}`, '');
        return `{${nestFromRoot(start, '{...F0}')}}${fragments}fragment F${size} on ${type}{__typename}`;
      },
      size: 4,
      smallSize: 4,
      codes: LIMIT,
    },
  ];
}

export function expensiveDocumentsFor(bff: BffDefinition): readonly ExpensiveDocument[] {
  const samples = samplesOf(bff);
  return [documentsFor, listDocuments, nestedListDocuments, cycleDocuments].flatMap((documents) =>
    documents(samples),
  );
}
