import {
  type FieldNode,
  type GraphQLField,
  type GraphQLType,
  isListType,
  isNonNullType,
  Kind,
} from 'graphql';
import { BffError } from '../../errors.ts';
import type { CostDirectives } from './cost-directives.ts';

/** The maximum number of objects that a field returns, depending on the variables. */
export type Size = (variables: Readonly<Record<string, unknown>>) => number;

export const ONE: Size = () => 1;

/** The assumed length of a list without `@listSize`. */
const DEFAULT_SIZE = 10;

interface Sizes {
  readonly own: Size;
  /** The sizes of the fields below whose length this field's arguments set, by name. */
  readonly below: ReadonlyMap<string, Size>;
}

const NONE: ReadonlyMap<string, Size> = new Map();

/**
 * Reads the maximum length of lists from the arguments that `@listSize` names, or its assumed size.
 * @param maxSize - the sizes throw BffError QUERY_TOO_COMPLEX above it
 */
export function createSizeReader(hints: CostDirectives, maxSize: number) {
  function fromHint(field: GraphQLField<unknown, unknown>, node: FieldNode): Size | undefined {
    const hint = hints.sizeOf(field);
    if (!hint) return undefined;
    const { assumedSize = DEFAULT_SIZE, slicingArguments = [] } = hint;
    const sizes = slicingArguments.map((name) => createArgumentSize(field, node, name));
    return (variables) => {
      const given = sizes.map((size) => size(variables)).filter((size) => size !== undefined);
      return given.length > 0
        ? enforceMaxSize(maxSize, field.name, Math.max(...given))
        : assumedSize;
    };
  }

  /** @param fromParent - the size that the field above sets for this one */
  return (
    field: GraphQLField<unknown, unknown>,
    node: FieldNode,
    fromParent: Size | undefined,
  ): Sizes => {
    const size = fromHint(field, node);
    const sizedFields = hints.sizeOf(field)?.sizedFields;
    if (size && sizedFields) {
      return { own: ONE, below: new Map(sizedFields.map((name) => [name, size])) };
    }
    const unknown = isList(field.type) ? () => DEFAULT_SIZE : ONE;
    return { own: size ?? fromParent ?? unknown, below: NONE };
  };
}

/** @returns at least 1, so that a rejected value is charged too; undefined if there is no value */
function createArgumentSize(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  name: string,
): (variables: Readonly<Record<string, unknown>>) => number | undefined {
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  const defaultSize = lengthOf(field.args.find((argument) => argument.name === name)?.defaultValue);
  if (value?.kind === Kind.VARIABLE) {
    const variable = value.name.value;
    return (variables) => lengthOf(variables[variable]) ?? defaultSize;
  }
  if (value?.kind === Kind.INT) return () => Math.max(1, Number(value.value));
  if (value?.kind === Kind.LIST) return () => value.values.length;
  return () => defaultSize;
}

function lengthOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'number' ? Math.max(1, value) : undefined;
}

function enforceMaxSize(maxSize: number, field: string, actual: number): number {
  if (actual <= maxSize) return actual;
  throw new BffError(
    'QUERY_TOO_COMPLEX',
    `"${field}" requests ${actual} objects: at most ${maxSize}.`,
    { details: { exceeded: 'listSize', limit: maxSize, actual } },
  );
}

const isList = (type: GraphQLType): boolean => isListType(isNonNullType(type) ? type.ofType : type);
