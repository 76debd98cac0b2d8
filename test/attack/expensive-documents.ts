import type { BffDefinition } from '../../src/bff.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { Json } from '../support/environment.ts';

/** A document that costs the server more than its text costs the attacker. */
export interface ExpensiveDocument {
  readonly name: string;
  readonly document: (size: number) => string;
  /** How large it is made. */
  readonly size: number;
  /** How large it is made to fit into an address; too large still. */
  readonly small: number;
  /** The codes that it may be refused with. */
  readonly codes: readonly ErrorCode[];
  readonly variables?: Readonly<Record<string, Json>>;
  readonly operationName?: string;
}

const LIMIT: readonly ErrorCode[] = ['QUERY_TOO_COMPLEX'];
/** Where more than one thing is wrong, whichever is found first. */
const ANY: readonly ErrorCode[] = [
  'QUERY_TOO_COMPLEX',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
];

const times = (count: number, make: (n: number) => string, between = ' '): string =>
  Array.from({ length: count }, (_, n) => make(n)).join(between);

const nest = (depth: number, open: string, close: string, inner = ''): string =>
  open.repeat(depth) + inner + close.repeat(depth);

/** Each fragment spreads the next one twice: 2^size fields. */
const doubling = (size: number, leaf: string): string =>
  `{...F0}${times(size, (n) => `fragment F${n} on Query{...F${n + 1} ...F${n + 1}}`, '')}fragment F${size} on Query{${leaf}}`;

/** The same with objects, whose fields must all be compared with one another. */
const doublingBelow = (size: number): string =>
  `{profile(id:1){...F0}}${times(size, (n) => `fragment F${n} on Profile{...F${n + 1} ...F${n + 1}}`, '')}fragment F${size} on Profile{id}`;

const ring = (size: number): string =>
  `{...F0}${times(size, (n) => `fragment F${n} on Query{...F${(n + 1) % size}}`, '')}`;

const FOR_ALL: readonly ExpensiveDocument[] = [
  {
    name: 'fragments that double 30 times',
    document: (size) => doubling(size, '__typename'),
    size: 30,
    small: 25,
    codes: LIMIT,
  },
  {
    name: 'fragments that double, to a field with an alias',
    document: (size) => doubling(size, 'a:profile(id:1){id}'),
    size: 30,
    small: 25,
    codes: LIMIT,
  },
  {
    name: 'fragments that double below an object',
    document: doublingBelow,
    size: 30,
    small: 25,
    codes: LIMIT,
  },
  { name: 'a fragment that spreads itself', document: ring, size: 1, small: 1, codes: ANY },
  { name: 'a ring of fragments', document: ring, size: 2_000, small: 40, codes: ANY },
  {
    name: '10,000 aliases',
    document: (size) => `{${times(size, (n) => `a${n}:profile(id:1){id}`)}}`,
    size: 10_000,
    small: 150,
    codes: LIMIT,
  },
  {
    name: '10,000 aliases of __typename',
    document: (size) => `{${times(size, (n) => `a${n}:__typename`)}}`,
    size: 10_000,
    small: 200,
    codes: LIMIT,
  },
  {
    name: '10,000 aliases in inline fragments',
    document: (size) => `{${times(size, (n) => `...{a${n}:__typename}`)}}`,
    size: 10_000,
    small: 150,
    codes: LIMIT,
  },
  {
    name: 'one field 10,000 times',
    document: (size) => `{${times(size, () => '__typename')}}`,
    size: 10_000,
    small: 800,
    codes: LIMIT,
  },
  {
    name: '1,000 directives on one field',
    document: (size) => `{__typename${times(size, () => '@include(if:true)', '')}}`,
    size: 1_000,
    small: 200,
    codes: ANY,
  },
  {
    name: '1,000 directives on as many fields',
    document: (size) => `{profile(id:1){${times(size, () => 'id@include(if:true)')}}}`,
    size: 1_000,
    small: 200,
    codes: LIMIT,
  },
  {
    name: '10,000 unknown directives',
    document: (size) => `{__typename${times(size, (n) => `@d${n}`, '')}}`,
    size: 10_000,
    small: 200,
    codes: ANY,
  },
  {
    name: 'fields to a depth of 3,000',
    document: (size) => nest(size, '{a', '}'),
    size: 3_000,
    small: 200,
    codes: ANY,
  },
  {
    name: 'inline fragments to a depth of 3,000',
    document: (size) => `{${nest(size, '...{', '}', '__typename')}}`,
    size: 3_000,
    small: 700,
    codes: ANY,
  },
  {
    name: 'a list to a depth of 3,000 as an argument',
    document: (size) => `{profile(id:${nest(size, '[', ']', '1')}){id}}`,
    size: 3_000,
    small: 900,
    codes: ANY,
  },
  {
    name: 'an object to a depth of 3,000 as an argument',
    document: (size) => `{profile(id:${nest(size, '{a:', '}', '1')}){id}}`,
    size: 3_000,
    small: 600,
    codes: ANY,
  },
  {
    name: 'a variable of a list type to a depth of 3,000',
    document: (size) => `query($a:${nest(size, '[', ']', 'Int')}){__typename}`,
    size: 3_000,
    small: 900,
    codes: ANY,
  },
  {
    name: '5,000 fields that overlap',
    document: (size) => `{${times(size, () => 'profile(id:1){id}')}}`,
    size: 5_000,
    small: 300,
    codes: LIMIT,
  },
  {
    name: '5,000 fields that contradict each other',
    document: (size) => `{${times(size, (n) => `a:profile(id:${n}){id}`)}}`,
    size: 5_000,
    small: 150,
    codes: ANY,
  },
  {
    name: 'one fragment spread 5,000 times',
    document: (size) => `{${times(size, () => '...F')}}fragment F on Query{__typename}`,
    size: 5_000,
    small: 300,
    codes: LIMIT,
  },
  {
    name: '2,000 fragments, each spread once',
    document: (size) =>
      `{${times(size, (n) => `...F${n}`)}}${times(size, (n) => `fragment F${n} on Query{__typename}`, '')}`,
    size: 2_000,
    small: 150,
    codes: LIMIT,
  },
  {
    name: '5,000 fragments that nothing spreads',
    document: (size) =>
      `{__typename}${times(size, (n) => `fragment F${n} on Query{__typename}`, '')}`,
    size: 5_000,
    small: 200,
    codes: ANY,
  },
  {
    name: '10,000 operations in one document',
    document: (size) => times(size, (n) => `query Q${n}{__typename}`, ''),
    size: 10_000,
    small: 420,
    codes: ANY,
    operationName: 'Q0',
  },
  {
    name: '10,000 variables',
    document: (size) => `query(${times(size, (n) => `$v${n}:Int`, ',')}){__typename}`,
    size: 10_000,
    small: 450,
    codes: ANY,
  },
  {
    name: '10,000 arguments',
    document: (size) => `{profile(id:1,${times(size, (n) => `a${n}:1`, ',')}){id}}`,
    size: 10_000,
    small: 450,
    codes: ANY,
  },
  {
    name: 'introspection that goes round and round',
    document: (size) => `{__schema{types${nest(size, '{fields{type', '}}', '{name}')}}}`,
    size: 500,
    small: 20,
    codes: ANY,
  },
  {
    name: 'introspection that goes round in doubling fragments',
    document: (size) =>
      `{__schema{types{...F0}}}${times(size, (n) => `fragment F${n} on __Type{a:ofType{...F${n + 1}} b:ofType{...F${n + 1}}}`, '')}fragment F${size} on __Type{name}`,
    size: 30,
    small: 25,
    codes: ANY,
  },
  {
    name: 'the whole schema thirty times by aliases',
    document: (size) =>
      `{${times(size, (n) => `s${n}:__schema{types{...T}}`)}}fragment T on __Type{name fields{args{type{...R}}type{...R}}inputFields{type{...R}}possibleTypes{...R}}fragment R on __Type${nest(9, '{kind name ofType', '}', '{name}')}`,
    size: 30,
    small: 6,
    codes: LIMIT,
  },
];

const OWN: Readonly<Record<string, readonly ExpensiveDocument[]>> = {
  web: [
    listSize('{viewer{orders(first:$N){edges{node{id}}}}}'),
    ...throughVariables('query($n:Int!){viewer{orders(first:$n){edges{node{id}}}}}'),
    {
      name: 'fields that exist, to a depth of 40',
      document: (size) =>
        `{order(id:1)${nest(size, '{customer{orders{edges{node', '}}}}', '{id}')}}`,
      size: 400,
      small: 10,
      codes: LIMIT,
    },
    {
      name: 'fields that fan out by fragments and lists',
      document: fanOut,
      size: 4,
      small: 4,
      codes: LIMIT,
    },
    {
      name: 'lists in lists, each of a size that is allowed',
      document: (size) =>
        `{customers(first:${size}){edges{node{orders(first:${size}){edges{node{items{name quantity unitPrice{amount currency}}}}}}}}}`,
      size: 50,
      small: 50,
      codes: LIMIT,
    },
  ],
  partner: [
    listSize('{recentOrders(first:$N){id}}'),
    ...throughVariables('query($n:Int!){recentOrders(first:$n){id}}'),
  ],
  mobile: [
    listSize('{dashboard{orders(first:$N){id}}}'),
    ...throughVariables('query($n:Int!){dashboard{orders(first:$n){id}}}'),
  ],
};

/** Each fragment asks twice for a list, whose members spread the next one. */
function fanOut(size: number): string {
  const half = (n: number) => `customer{orders{edges{node{...F${n + 1}}}}}`;
  const fragments = times(size, (n) => `fragment F${n} on Order{a:${half(n)} b:${half(n)}}`, '');
  return `{order(id:1){...F0}}${fragments}fragment F${size} on Order{id}`;
}

/** A list of a million: in the text, or as the default of a variable. */
function listSize(document: string): ExpensiveDocument {
  return {
    name: 'a list of 1,000,000',
    document: (size) => document.replace('$N', String(size)),
    size: 1_000_000,
    small: 1_000_000,
    codes: LIMIT,
  };
}

function throughVariables(document: string): ExpensiveDocument[] {
  return [
    {
      name: 'a list of 1,000,000 by a variable',
      document: () => document,
      size: 0,
      small: 0,
      codes: LIMIT,
      variables: { n: 1_000_000 },
    },
    {
      name: "a list of 1,000,000 by a variable's default",
      document: (size) => document.replace('Int!', `Int!=${size}`),
      size: 1_000_000,
      small: 1_000_000,
      codes: LIMIT,
    },
  ];
}

export const expensiveDocumentsFor = ({ name }: BffDefinition): readonly ExpensiveDocument[] => [
  ...FOR_ALL,
  ...(OWN[name] ?? []),
];
