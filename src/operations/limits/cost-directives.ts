import {
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { readDirective } from '../../graphql-ast.ts';

/** The arguments of `@listSize` on a field. */
export interface ListSizeHint {
  /** The length of the list if no slicing argument is given. */
  readonly assumedSize?: number | undefined;
  /** The arguments that set the length: a number, or a list with one entry per object returned. */
  readonly slicingArguments?: readonly string[] | undefined;
  /** The fields of the returned object with this length, such as a connection's edges. */
  readonly sizedFields?: readonly string[] | undefined;
}

type Field = GraphQLField<unknown, unknown>;

/** Reads `@cost` and `@listSize` of a schema. */
export function createCostDirectives(schema: GraphQLSchema) {
  const cost = schema.getDirective('cost');
  const listSize = schema.getDirective('listSize');
  const weightAt = (nodes: Parameters<typeof readDirective>[1]) =>
    readDirective<{ weight: number }>(cost, nodes)?.weight;

  return {
    /** The weight of the field itself, independent of the length of its list. */
    weightOf: (field: Field): number => weightAt([field.astNode]) ?? 0,
    /** The weight of each object; for an interface or a union, of its most expensive type. */
    objectWeightOf(type: GraphQLCompositeType): number {
      const types = isObjectType(type) ? [type] : schema.getPossibleTypes(type);
      const weights = types.map(
        ({ astNode, extensionASTNodes }) => weightAt([astNode, ...extensionASTNodes]) ?? 1,
      );
      return Math.max(0, ...weights);
    },
    sizeOf: (field: Field) => readDirective<ListSizeHint>(listSize, [field.astNode]),
  };
}

export type CostDirectives = ReturnType<typeof createCostDirectives>;
