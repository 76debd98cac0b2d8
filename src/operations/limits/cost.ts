import {
  type DocumentNode,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { createCostDirectives } from './cost-directives.ts';
import { createSizeReader, ONE, type Size } from './list-size.ts';

/** Values of an operation's variables, coerced. */
export type Variables = Readonly<Record<string, unknown>>;

/** A field with all that is asked below it. */
interface Part {
  readonly weight: number;
  readonly objectWeight: number;
  readonly size: Size;
  readonly parts: readonly Part[];
}

/**
 * The static cost of operations, an upper bound of how many objects an answer may have: each object
 * costs 1, or what `@cost` says of its type, as often as its list may be long; each field costs what
 * `@cost` says of it, or nothing. What `@skip` and `@include` may leave out is paid all the same.
 *
 * @see https://ibm.github.io/graphql-specs/cost-spec.html
 */
export function createCostReader(schema: GraphQLSchema, longestList: number) {
  const hints = createCostDirectives(schema);
  const sizesOf = createSizeReader(hints, longestList);

  /** The document must be valid, and within the limits of one: its fragments are taken apart. */
  return (document: DocumentNode, { operation, selectionSet }: OperationDefinitionNode) => {
    const fragments = new Map(
      document.definitions
        .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
        .map((fragment) => [fragment.name.value, fragment]),
    );

    function partsOf(
      set: SelectionSetNode,
      type: GraphQLCompositeType,
      sized: ReadonlyMap<string, Size>,
    ): Part[] {
      return set.selections.flatMap((selection) => {
        if (selection.kind === Kind.FIELD) return partOf(selection, type, sized);
        const fragment =
          selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (!fragment) return [];
        const on = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
        return partsOf(fragment.selectionSet, isCompositeType(on) ? on : type, sized);
      });
    }

    function partOf(
      node: FieldNode,
      type: GraphQLCompositeType,
      sized: ReadonlyMap<string, Size>,
    ): Part[] {
      const field = fieldOf(type, node.name.value);
      if (!field) return [];
      const { own, below } = sizesOf(field, node, sized.get(field.name));
      const returned = getNamedType(field.type);
      const isObject = isCompositeType(returned);
      const parts =
        isObject && node.selectionSet ? partsOf(node.selectionSet, returned, below) : [];
      const part = {
        weight: hints.weightOf(field),
        objectWeight: isObject ? hints.objectWeightOf(returned) : 0,
        size: own,
        parts,
      };
      return part.weight + part.objectWeight === 0 && parts.length === 0 ? [] : [part];
    }

    const root = schema.getRootType(operation);
    const parts = root ? partsOf(selectionSet, root, new Map()) : [];
    /** @throws BffError QUERY_TOO_COMPLEX for a list that is too long */
    return (variables: Variables): number => sumOf(parts, variables);
  };
}

export type CostReader = ReturnType<typeof createCostReader>;

/** Undefined for what no resolver of ours answers: the schema itself, and `__typename`. */
const fieldOf = (
  type: GraphQLCompositeType,
  name: string,
): GraphQLField<unknown, unknown> | undefined =>
  isUnionType(type) || name.startsWith('__') ? undefined : type.getFields()[name];

const sumOf = (parts: readonly Part[], variables: Variables): number => {
  let sum = 0;
  for (const { weight, objectWeight, size, parts: below } of parts) {
    const times = size === ONE ? 1 : size(variables);
    sum += weight + times * (objectWeight + (below.length > 0 ? sumOf(below, variables) : 0));
  }
  return sum;
};
