import fc from 'fast-check';
import {
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  GraphQLSkipDirective,
  getNamedType,
  isObjectType,
} from 'graphql';
import { type Argument, argumentOf, type Habits, type Input } from './equivalence-arguments.ts';

/** How a selection stands among the others: as it is, or within one or the other kind of fragment. */
const WRAPS = ['bare', 'inline', 'untyped', 'named', 'twice'] as const;

/** One field that is asked for, and what is asked of what it gives. */
export interface Selection {
  readonly on: string;
  readonly field: string;
  readonly alias: string | undefined;
  readonly args: readonly Argument[];
  readonly directive: { readonly name: string; readonly args: readonly Argument[] } | undefined;
  readonly wrap: (typeof WRAPS)[number];
  readonly below: readonly Selection[];
}

/** Names that every plain object has already. */
export const INHERITED_NAMES = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'] as const;

/** How deep it is drawn beside a way, and below its end. */
const ASIDE = 1;
const BEYOND = 3;

/** @returns what draws the selections of a type, a way of field names among them */
export function createSelections(habits: Habits) {
  const known = new Map<string, fc.Arbitrary<Selection[]>>();

  function selectionsOf(type: GraphQLObjectType, depth: number): fc.Arbitrary<Selection[]> {
    const key = `${type.name} ${depth}`;
    const found = known.get(key);
    if (found) return found;
    const drawn = fc.array(fieldOf(type, depth), { minLength: 1, maxLength: 3, size: 'max' });
    known.set(key, drawn);
    return drawn;
  }

  function along(type: GraphQLObjectType, way: readonly string[]): fc.Arbitrary<Selection[]> {
    const [step, ...rest] = way;
    if (step === undefined) return selectionsOf(type, BEYOND);
    const field = type.getFields()[step];
    if (!field) throw new Error(`there is no ${type.name}.${step}`);
    const inner = getNamedType(field.type);
    const below = isObjectType(inner) ? along(inner, rest) : NOTHING;
    const aside = fc.oneof(
      { weight: 2, arbitrary: NOTHING },
      fc.array(fieldOf(type, ASIDE), { minLength: 1, maxLength: 2 }),
    );
    return fc
      .tuple(selectionOf(type, field, below), aside, fc.nat({ max: 2 }))
      .map(([first, others, at]) => others.toSpliced(at, 0, first));
  }

  function fieldOf(type: GraphQLObjectType, depth: number): fc.Arbitrary<Selection> {
    const fields = Object.values(type.getFields());
    const leaves = fields.filter((field) => !isObjectType(getNamedType(field.type)));
    const objects = depth > 0 ? fields.filter((field) => !leaves.includes(field)) : [];
    return fc.oneof(
      { weight: 1, arbitrary: selectionOf(type, TYPENAME, NOTHING) },
      ...leaves.map((field) => ({ weight: 2, arbitrary: selectionOf(type, field, NOTHING) })),
      ...objects.map((field) => {
        const inner = getNamedType(field.type) as GraphQLObjectType;
        return { weight: 4, arbitrary: selectionOf(type, field, selectionsOf(inner, depth - 1)) };
      }),
    );
  }

  function selectionOf(
    { name: on }: GraphQLObjectType,
    { name: field, args }: Named,
    below: fc.Arbitrary<Selection[]>,
  ): fc.Arbitrary<Selection> {
    return fc.record({
      on: fc.constant(on),
      field: fc.constant(field),
      // A field under the name of another one brings a mix-up of the two to light.
      alias: rarely(fc.constantFrom('a', 'b', 'id', 'name', ...INHERITED_NAMES)),
      args: argumentsOf(args, field),
      directive: rarely(directive),
      wrap: fc.oneof(
        { weight: 8, arbitrary: fc.constant('bare' as const) },
        fc.constantFrom(...WRAPS),
      ),
      below,
    });
  }

  const argumentsOf = (inputs: readonly Input[], field: string): fc.Arbitrary<Argument[]> =>
    fc
      .tuple(...inputs.map((input) => argumentOf({ ...input, field }, habits)))
      .map((args) => args.filter((one) => one !== undefined));

  const directive = fc.oneof(
    ...[GraphQLIncludeDirective, GraphQLSkipDirective].map(({ name, args }) =>
      fc.record({ name: fc.constant(name), args: argumentsOf(args, name) }),
    ),
  );

  return along;
}

type Named = Pick<GraphQLField<unknown, unknown>, 'name'> & { readonly args: readonly Input[] };

const TYPENAME: Named = { name: '__typename', args: [] };
const NOTHING: fc.Arbitrary<Selection[]> = fc.constant([]);

const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, arbitrary);
