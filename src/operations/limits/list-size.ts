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

/** How many objects a field may give, depending on the variables. */
export type Size = (variables: Readonly<Record<string, unknown>>) => number;

export const ONE: Size = () => 1;

/** How long a list is taken to be of which the schema says nothing. */
const UNKNOWN_SIZE = 10;

interface Sizes {
  readonly own: Size;
  /** Of the fields below, by name, that are as long as this field's arguments say. */
  readonly below: ReadonlyMap<string, Size>;
}

const NONE: ReadonlyMap<string, Size> = new Map();

/**
 * Reads how long lists may be: from the arguments that `@listSize` names, or what it assumes.
 * @param longest - the most that may be asked for; the sizes throw BffError QUERY_TOO_COMPLEX
 */
export function createSizeReader(hints: CostDirectives, longest: number) {
  function fromHint(field: GraphQLField<unknown, unknown>, node: FieldNode): Size | undefined {
    const hint = hints.sizeOf(field);
    if (!hint) return undefined;
    const { assumedSize = UNKNOWN_SIZE, slicingArguments = [] } = hint;
    const sizes = slicingArguments.map((name) => createArgumentSize(field, node, name));
    return (variables) => {
      const given = sizes.map((size) => size(variables)).filter((size) => size !== undefined);
      return given.length > 0 ? within(longest, field.name, Math.max(...given)) : assumedSize;
    };
  }

  /** @param fromParent - how long the field above says that this one is */
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
    const unknown = isList(field.type) ? () => UNKNOWN_SIZE : ONE;
    return { own: size ?? fromParent ?? unknown, below: NONE };
  };
}

/** @returns at least 1, to pay for the refusal of what is none; undefined if nothing says it */
function createArgumentSize(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  name: string,
): (variables: Readonly<Record<string, unknown>>) => number | undefined {
  const value = node.arguments?.find((argument) => argument.name.value === name)?.value;
  const byDefault = lengthOf(field.args.find((argument) => argument.name === name)?.defaultValue);
  if (value?.kind === Kind.VARIABLE) {
    const variable = value.name.value;
    return (variables) => lengthOf(variables[variable]) ?? byDefault;
  }
  if (value?.kind === Kind.INT) return () => Math.max(1, Number(value.value));
  if (value?.kind === Kind.LIST) return () => value.values.length;
  return () => byDefault;
}

function lengthOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'number' ? Math.max(1, value) : undefined;
}

function within(longest: number, field: string, actual: number): number {
  if (actual <= longest) return actual;
  throw new BffError(
    'QUERY_TOO_COMPLEX',
    `"${field}" is asked for ${actual}: at most ${longest}.`,
    {
      details: { exceeded: 'listSize', limit: longest, actual },
    },
  );
}

const isList = (type: GraphQLType): boolean => isListType(isNonNullType(type) ? type.ofType : type);
