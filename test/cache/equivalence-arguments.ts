import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLInputType,
  GraphQLNonNull,
  getNamedType,
  getNullableType,
  isEnumType,
  isNonNullType,
} from 'graphql';
import { BASE_TIME_MS, CAST, DAY_MS } from '../../services/support/cast.ts';
import { toCursor as toPlace } from '../../services/support/page.ts';
import { toCursor } from '../../src/datasources/target.ts';

/** How many sets of variables each document is asked with. */
export const SETS = 3;

/** An argument as it stands in a document: a literal, or a variable that has no name yet. */
export interface Argument {
  readonly name: string;
  readonly value: string | Variable;
}

export interface Variable {
  /** Its type, with the default if it has one. */
  readonly type: string;
  /** What each set of variables gives for it; undefined where it is left out. */
  readonly given: readonly unknown[];
}

export interface Habits {
  /** Orders of several customers. */
  readonly orderIds: readonly string[];
  /** Whether arguments may also be of a wrong type, missing, or null where they must not. */
  readonly isRash: boolean;
  /** Whether some arguments are variables. */
  readonly hasVariables: boolean;
}

export type Input = Pick<GraphQLArgument, 'name' | 'type' | 'defaultValue'> & {
  /** The field whose argument it is, where it is known. */
  readonly field?: string;
};

interface Values {
  readonly usual: readonly unknown[];
  readonly edge: readonly unknown[];
}

const STRANGE_IDS = ['999999', 999_999, '0', '', '../1', ' 42', '042', 'nonsense'];
const USERS = [CAST.customer, CAST.otherCustomer, CAST.staff, CAST.noOrders, CAST.deleted];
const TIME = toPlace([BASE_TIME_MS - 90 * DAY_MS, 20_000]);
const CURSORS = {
  orders: toCursor('orders', TIME),
  notifications: toCursor('notifications', TIME),
  customers: toCursor('users', toPlace(['M', 0])),
};

/** By field and name, or by name, or by type. */
const VALUES: Readonly<Record<string, Values>> = {
  first: { usual: [1, 2, 3, 5], edge: [0, -1, 20, 21, 50, 51, 2 ** 31 - 1] },
  after: { usual: Object.values(CURSORS), edge: ['', 'nonsense', 'é'] },
  ...Object.fromEntries(
    Object.entries(CURSORS).map(([field, cursor]) => [
      `${field} after`,
      { usual: [cursor], edge: [...Object.values(CURSORS), '', 'nonsense', 'é'] },
    ]),
  ),
  search: {
    usual: ['a', 'Amara', '@example.com', ''],
    edge: ['%', ' ', 'MATEO', 'x'.repeat(100), 'x'.repeat(101)],
  },
  'profile id': { usual: USERS, edge: STRANGE_IDS },
  Boolean: { usual: [true, false], edge: [true] },
  Int: { usual: [1, 2], edge: [0, -1] },
  String: { usual: ['a', 'b'], edge: ['', ' '] },
};
const WRONG = [true, 2.5, 'three', '', {}, [1], 2 ** 40];

function valuesOf({ field, name, type }: Input, { orderIds }: Habits): Values {
  const named = getNamedType(type);
  if (isEnumType(named)) {
    const names = named.getValues().map((value) => value.name);
    return { usual: names, edge: names };
  }
  const values = VALUES[`${field} ${name}`] ?? VALUES[name] ?? VALUES[named.name];
  if (named.name === 'ID') return withNumbers(values ?? { usual: orderIds, edge: STRANGE_IDS });
  if (!values) throw new Error(`no values are known for ${name}: ${type}`);
  return values;
}

/** GraphQL takes a whole number for an id. */
const withNumbers = ({ usual, edge }: Values): Values => ({
  usual: [...usual, ...usual.map(Number)],
  edge,
});

/** @returns undefined where the argument is left out */
export function argumentOf(input: Input, habits: Habits): fc.Arbitrary<Argument | undefined> {
  const { name, type, defaultValue } = input;
  const mayBeNull = habits.isRash || !isNonNullType(type);
  const mayBeMissing = mayBeNull || defaultValue !== undefined;
  const literal = fc.tuple(oneValue(input, habits), fc.nat({ max: 3 }));
  const argument = (value: string | Variable) => ({ name, value });
  return fc.oneof(
    { weight: 6, arbitrary: literal.map(([value, way]) => argument(toLiteral(value, type, way))) },
    {
      weight: habits.hasVariables ? 8 : 0,
      arbitrary: variableOf(input, habits).map(argument),
    },
    { weight: mayBeMissing ? 4 : 0, arbitrary: fc.constant(undefined) },
    { weight: mayBeNull ? 1 : 0, arbitrary: fc.constant(argument('null')) },
  );
}

function oneValue(input: Input, habits: Habits): fc.Arbitrary<unknown> {
  const { usual, edge } = valuesOf(input, habits);
  const isDefaulted = input.defaultValue !== undefined;
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...usual) },
    { weight: isDefaulted ? 4 : 0, arbitrary: fc.constant(input.defaultValue) },
    { weight: 1, arbitrary: fc.constantFrom(...edge) },
    { weight: habits.isRash ? 6 : 0, arbitrary: fc.constantFrom(...WRONG) },
  );
}

function variableOf(input: Input, habits: Habits): fc.Arbitrary<Variable> {
  const { type, defaultValue } = input;
  const { usual } = valuesOf(input, habits);
  // A type that allows null may stand where the field's own default takes its place.
  const mayBeLax = !isNonNullType(type) || defaultValue !== undefined;
  const drawn = fc.record({
    isLax: fc.boolean(),
    own: fc.oneof(fc.constant(undefined), fc.constantFrom(...usual, defaultValue ?? usual[0])),
  });
  return drawn.chain(({ isLax, own }) => {
    const bare = getNullableType(type);
    const declared = mayBeLax && isLax ? bare : new GraphQLNonNull(bare);
    const isNeeded = isNonNullType(declared) && own === undefined;
    const equals = own === undefined ? '' : ` = ${toLiteral(own, type)}`;
    const variable = { ...input, type: declared, defaultValue: own ?? defaultValue };
    return givenOf(variable, isNeeded, habits).map((given) => ({
      type: `${declared}${equals}`,
      given,
    }));
  });
}

/** What each set of variables gives for one. */
export function givenOf(
  input: Input,
  isNeeded: boolean,
  habits: Habits,
): fc.Arbitrary<readonly unknown[]> {
  const mayBeNull = habits.isRash || !isNonNullType(input.type);
  const one = fc.oneof(
    { weight: 8, arbitrary: oneValue(input, habits) },
    { weight: habits.isRash || !isNeeded ? 3 : 0, arbitrary: fc.constant(undefined) },
    { weight: mayBeNull ? 2 : 0, arbitrary: fc.constant(null) },
  );
  const others = fc.array(
    fc.option(
      one.map((value) => ({ value })),
      { freq: 2 },
    ),
    {
      minLength: SETS - 1,
      maxLength: SETS - 1,
    },
  );
  // Sets that differ in one variable alone show whether that one is minded.
  return fc
    .tuple(one, others)
    .map(([first, rest]) => [first, ...rest.map((other) => (other ? other.value : first))]);
}

/** @param way - 2 and 3 are the less usual ways to write the same text */
function toLiteral(value: unknown, type: GraphQLInputType, way = 0): string {
  if (typeof value !== 'string') return JSON.stringify(value).replaceAll(/"(\w+)":/g, '$1:');
  if (isEnumType(getNamedType(type)) && /^[A-Z_]+$/.test(value)) return value;
  if (way === 2) return `"""${value}"""`;
  if (way === 3) return `"${value.replace(/^\w/, toEscape)}"`;
  return JSON.stringify(value);
}

const toEscape = (letter: string): string =>
  `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
