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
import { type Candidates, UNUSUAL_IDS } from './domain.ts';
import { DOMAINS } from './domains/index.ts';

/** Number of variable sets generated for each document. */
export const VARIABLE_SETS = 3;

/** An argument in a document: a literal, or a variable that is named when the document is printed. */
export interface Argument {
  readonly name: string;
  readonly value: string | Variable;
}

export interface Variable {
  /** The declared type, followed by the default value if there is one. */
  readonly type: string;
  /** The value in each variable set; undefined where it is omitted. */
  readonly values: readonly unknown[];
}

export interface GeneratorOptions {
  /** Ids for arguments without candidates of their own. */
  readonly ids: readonly string[];
  /** Also generates arguments of a wrong type, omits required ones and sets non-null ones to null. */
  readonly hasInvalidValues: boolean;
  /** Generates variables for some arguments; otherwise all are literals. */
  readonly hasVariables: boolean;
}

export type Input = Pick<GraphQLArgument, 'name' | 'type' | 'defaultValue'> & {
  /** Name of the field that has the argument, where it is known. */
  readonly field?: string;
};

const CURSORS: Readonly<Record<string, string>> = Object.assign(
  {},
  ...DOMAINS.map(({ cursors }) => cursors),
);

/** Candidate values, keyed by field and argument name, by argument name, or by type. */
const CANDIDATES: Readonly<Record<string, Candidates>> = {
  first: { valid: [1, 2, 3, 5], boundary: [0, -1, 20, 21, 50, 51, 2 ** 31 - 1] },
  after: { valid: Object.values(CURSORS), boundary: ['', 'nonsense', 'é'] },
  ...Object.fromEntries(
    Object.entries(CURSORS).map(([field, cursor]) => [
      `${field} after`,
      { valid: [cursor], boundary: [...Object.values(CURSORS), '', 'nonsense', 'é'] },
    ]),
  ),
  ...Object.assign({}, ...DOMAINS.map(({ candidates }) => candidates)),
  Boolean: { valid: [true, false], boundary: [true] },
  Int: { valid: [1, 2], boundary: [0, -1] },
  String: { valid: ['a', 'b'], boundary: ['', ' '] },
};
const WRONG_TYPE_VALUES = [true, 2.5, 'three', '', {}, [1], 2 ** 40];

function candidatesFor({ field, name, type }: Input, { ids }: GeneratorOptions): Candidates {
  const named = getNamedType(type);
  if (isEnumType(named)) {
    const names = named.getValues().map((value) => value.name);
    return { valid: names, boundary: names };
  }
  const values = CANDIDATES[`${field} ${name}`] ?? CANDIDATES[name] ?? CANDIDATES[named.name];
  if (named.name === 'ID') return withIntegers(values ?? { valid: ids, boundary: UNUSUAL_IDS });
  if (!values) throw new Error(`no candidate values for ${name}: ${type}`);
  return values;
}

/** GraphQL also accepts integers as ids. */
const withIntegers = ({ valid, boundary }: Candidates): Candidates => ({
  valid: [...valid, ...valid.map(Number)],
  boundary,
});

/** @returns undefined where the argument is omitted */
export function argumentFor(
  input: Input,
  options: GeneratorOptions,
): fc.Arbitrary<Argument | undefined> {
  const { name, type, defaultValue } = input;
  const mayBeNull = options.hasInvalidValues || !isNonNullType(type);
  const mayBeMissing = mayBeNull || defaultValue !== undefined;
  const literal = fc.tuple(valueFor(input, options), fc.nat({ max: 3 }));
  const argument = (value: string | Variable) => ({ name, value });
  return fc.oneof(
    {
      weight: 6,
      arbitrary: literal.map(([value, notation]) => argument(toLiteral(value, type, notation))),
    },
    {
      weight: options.hasVariables ? 8 : 0,
      arbitrary: variableFor(input, options).map(argument),
    },
    { weight: mayBeMissing ? 4 : 0, arbitrary: fc.constant(undefined) },
    { weight: mayBeNull ? 1 : 0, arbitrary: fc.constant(argument('null')) },
  );
}

function valueFor(input: Input, options: GeneratorOptions): fc.Arbitrary<unknown> {
  const { valid, boundary } = candidatesFor(input, options);
  const isDefaulted = input.defaultValue !== undefined;
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...valid) },
    { weight: isDefaulted ? 4 : 0, arbitrary: fc.constant(input.defaultValue) },
    { weight: 1, arbitrary: fc.constantFrom(...boundary) },
    { weight: options.hasInvalidValues ? 6 : 0, arbitrary: fc.constantFrom(...WRONG_TYPE_VALUES) },
  );
}

function variableFor(input: Input, options: GeneratorOptions): fc.Arbitrary<Variable> {
  const { type, defaultValue } = input;
  const { valid } = candidatesFor(input, options);
  // A nullable variable is allowed where the argument has a default value.
  const mayBeNullable = !isNonNullType(type) || defaultValue !== undefined;
  const generated = fc.record({
    isNullable: fc.boolean(),
    ownDefault: fc.oneof(
      fc.constant(undefined),
      fc.constantFrom(...valid, defaultValue ?? valid[0]),
    ),
  });
  return generated.chain(({ isNullable, ownDefault }) => {
    const nullable = getNullableType(type);
    const declared = mayBeNullable && isNullable ? nullable : new GraphQLNonNull(nullable);
    const isRequired = isNonNullType(declared) && ownDefault === undefined;
    const defaultSuffix = ownDefault === undefined ? '' : ` = ${toLiteral(ownDefault, type)}`;
    const variable = { ...input, type: declared, defaultValue: ownDefault ?? defaultValue };
    return valuesPerSet(variable, isRequired, options).map((values) => ({
      type: `${declared}${defaultSuffix}`,
      values,
    }));
  });
}

/** Generates the value of one variable in each variable set. */
export function valuesPerSet(
  input: Input,
  isRequired: boolean,
  options: GeneratorOptions,
): fc.Arbitrary<readonly unknown[]> {
  const mayBeNull = options.hasInvalidValues || !isNonNullType(input.type);
  const one = fc.oneof(
    { weight: 8, arbitrary: valueFor(input, options) },
    { weight: options.hasInvalidValues || !isRequired ? 3 : 0, arbitrary: fc.constant(undefined) },
    { weight: mayBeNull ? 2 : 0, arbitrary: fc.constant(null) },
  );
  const others = fc.array(
    fc.option(
      one.map((value) => ({ value })),
      { freq: 2 },
    ),
    {
      minLength: VARIABLE_SETS - 1,
      maxLength: VARIABLE_SETS - 1,
    },
  );
  // Sets that differ in one variable only show whether the cache key contains that variable.
  return fc
    .tuple(one, others)
    .map(([first, rest]) => [first, ...rest.map((other) => (other ? other.value : first))]);
}

/** @param notation - 2: block string, 3: first character as a Unicode escape; otherwise a plain string */
function toLiteral(value: unknown, type: GraphQLInputType, notation = 0): string {
  if (typeof value !== 'string') return JSON.stringify(value).replaceAll(/"(\w+)":/g, '$1:');
  if (isEnumType(getNamedType(type)) && /^[A-Z_]+$/.test(value)) return value;
  if (notation === 2) return `"""${value}"""`;
  if (notation === 3) return `"${value.replace(/^\w/, toEscape)}"`;
  return JSON.stringify(value);
}

const toEscape = (letter: string): string =>
  `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
