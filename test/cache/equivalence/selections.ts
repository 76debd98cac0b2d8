import fc from 'fast-check';
import {
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  GraphQLSkipDirective,
  getNamedType,
  isObjectType,
} from 'graphql';
import { type Argument, argumentFor, type GeneratorOptions, type Input } from './arguments.ts';

/** Ways to write a selection: as a plain field, or inside one of the kinds of fragments. */
const WRAPPINGS = ['bare', 'inline', 'untyped', 'named', 'twice'] as const;

/** One selected field with its sub-selections. */
export interface Selection {
  readonly parentType: string;
  readonly field: string;
  readonly alias: string | undefined;
  readonly args: readonly Argument[];
  readonly directive: { readonly name: string; readonly args: readonly Argument[] } | undefined;
  readonly wrapping: (typeof WRAPPINGS)[number];
  readonly selections: readonly Selection[];
}

/** Property names that every plain object inherits. */
export const INHERITED_NAMES = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'] as const;

/** Depth of generated selections beside a field path and below its last field. */
const SIBLING_DEPTH = 1;
const LEAF_DEPTH = 3;

/**
 * Returns a function that generates selections of a type which contain a given path of fields. Generators
 * are kept, because those of a schema take hundreds of megabytes without sharing their parts.
 */
export function createSelectionGenerator(options: GeneratorOptions) {
  const generatorsOfFields = new Map<string, fc.Arbitrary<Selection>>();
  const generatorsAlongPaths = new Map<string, fc.Arbitrary<Selection[]>>();
  const generatorsOfArguments = new Map<string, fc.Arbitrary<Argument[]>>();

  const selectionsOf = (type: GraphQLObjectType, depth: number): fc.Arbitrary<Selection[]> =>
    fc.array(fieldOf(type, depth), { minLength: 1, maxLength: 3, size: 'max' });

  const alongPath = (type: GraphQLObjectType, path: readonly string[]): fc.Arbitrary<Selection[]> =>
    generatorsAlongPaths.getOrInsertComputed([type.name, ...path].join('.'), () =>
      createAlongPath(type, path),
    );

  function createAlongPath(
    type: GraphQLObjectType,
    path: readonly string[],
  ): fc.Arbitrary<Selection[]> {
    const [step, ...rest] = path;
    if (step === undefined) return selectionsOf(type, LEAF_DEPTH);
    const field = type.getFields()[step];
    if (!field) throw new Error(`unknown field ${type.name}.${step}`);
    const inner = getNamedType(field.type);
    const selections = isObjectType(inner) ? alongPath(inner, rest) : NOTHING;
    const siblings = fc.oneof(
      { weight: 2, arbitrary: NOTHING },
      fc.array(fieldOf(type, SIBLING_DEPTH), { minLength: 1, maxLength: 2 }),
    );
    return fc
      .tuple(selectionOf(type, field, selections), siblings, fc.nat({ max: 2 }))
      .map(([first, others, at]) => others.toSpliced(at, 0, first));
  }

  const fieldOf = (type: GraphQLObjectType, depth: number): fc.Arbitrary<Selection> =>
    generatorsOfFields.getOrInsertComputed(`${type.name} ${depth}`, () =>
      createFieldOf(type, depth),
    );

  function createFieldOf(type: GraphQLObjectType, depth: number): fc.Arbitrary<Selection> {
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
    { name: parentType }: GraphQLObjectType,
    { name: field, args }: SelectableField,
    selections: fc.Arbitrary<Selection[]>,
  ): fc.Arbitrary<Selection> {
    return fc.record({
      parentType: fc.constant(parentType),
      field: fc.constant(field),
      // An alias that is another field's name reveals a mix-up of the two.
      alias: rarely(fc.constantFrom('a', 'b', 'id', 'name', ...INHERITED_NAMES)),
      args: argumentsOf(args, field, parentType),
      directive: rarely(directive),
      wrapping: fc.oneof(
        { weight: 8, arbitrary: fc.constant('bare' as const) },
        fc.constantFrom(...WRAPPINGS),
      ),
      selections,
    });
  }

  const argumentsOf = (
    inputs: readonly Input[],
    field: string,
    parentType = '',
  ): fc.Arbitrary<Argument[]> =>
    generatorsOfArguments.getOrInsertComputed(`${parentType}.${field}`, () =>
      fc
        .tuple(...inputs.map((input) => argumentFor({ ...input, field }, options)))
        .map((args) => args.filter((one) => one !== undefined)),
    );

  const directive = fc.oneof(
    ...[GraphQLIncludeDirective, GraphQLSkipDirective].map(({ name, args }) =>
      fc.record({ name: fc.constant(name), args: argumentsOf(args, name) }),
    ),
  );

  return alongPath;
}

type SelectableField = Pick<GraphQLField<unknown, unknown>, 'name'> & {
  readonly args: readonly Input[];
};

const TYPENAME: SelectableField = { name: '__typename', args: [] };
const NOTHING: fc.Arbitrary<Selection[]> = fc.constant([]);

const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, arbitrary);
