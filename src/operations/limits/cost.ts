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
import { fragmentsByName } from '../../graphql-ast.ts';
import { createCostDirectives } from './cost-directives.ts';
import { createSizeReader, ONE, type Size } from './list-size.ts';

/** Values of an operation's variables, coerced. */
export type Variables = Readonly<Record<string, unknown>>;

/** A selected field with the selection below it. */
interface Part {
  readonly weight: number;
  readonly objectWeight: number;
  readonly size: Size;
  readonly parts: readonly Part[];
}

/**
 * Computes the static cost of operations, an upper bound of the objects in a response. Each object
 * costs 1 or the `@cost` of its type, multiplied by the maximum length of its list; each field costs
 * its `@cost`, or nothing. Fields with `@skip` and `@include` count in full.
 *
 * @see https://ibm.github.io/graphql-specs/cost-spec.html
 */
export function createCostReader(schema: GraphQLSchema, maxListSize: number) {
  const hints = createCostDirectives(schema);
  const sizesOf = createSizeReader(hints, maxListSize);

  /** @param document - valid and within the document limits, because its fragments are expanded */
  return (document: DocumentNode, { operation, selectionSet }: OperationDefinitionNode) => {
    const fragments = fragmentsByName(document);

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

/** @returns undefined for introspection and `__typename`, which have no resolver here */
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
