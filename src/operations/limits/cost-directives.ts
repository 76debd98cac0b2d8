import {
  type ConstDirectiveNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getDirectiveValues,
  isObjectType,
} from 'graphql';

/** What `@listSize` says of a field. */
export interface ListSizeHint {
  /** How long a list is where no argument says it. */
  readonly assumedSize?: number | undefined;
  /** The arguments that say how long it is: a number, or a list as long as the answer's. */
  readonly slicingArguments?: readonly string[] | undefined;
  /** The fields of the returned object that are as long, such as a connection's edges. */
  readonly sizedFields?: readonly string[] | undefined;
}

type Field = GraphQLField<unknown, unknown>;

/** Reads what the schema says of costs, each place once. */
export function createCostDirectives(schema: GraphQLSchema) {
  const read = <T>(name: string, nodes: readonly AnnotatedNode[]): T | undefined => {
    const directive = schema.getDirective(name);
    const node = nodes.find((node) => node?.directives?.some((found) => found.name.value === name));
    return directive && node ? (getDirectiveValues(directive, node) as T) : undefined;
  };
  const weightAt = (...nodes: readonly AnnotatedNode[]) =>
    read<{ weight: number }>('cost', nodes)?.weight;

  return {
    /** Of the field itself, however long its list. */
    weightOf: (field: Field): number => weightAt(field.astNode) ?? 0,
    /** Of each object; of an interface or a union, what its dearest member costs. */
    objectWeightOf(type: GraphQLCompositeType): number {
      const types = isObjectType(type) ? [type] : schema.getPossibleTypes(type);
      const weights = types.map(
        ({ astNode, extensionASTNodes }) => weightAt(astNode, ...extensionASTNodes) ?? 1,
      );
      return Math.max(0, ...weights);
    },
    sizeOf: (field: Field) => read<ListSizeHint>('listSize', [field.astNode]),
  };
}

export type CostDirectives = ReturnType<typeof createCostDirectives>;

type AnnotatedNode = { readonly directives?: readonly ConstDirectiveNode[] } | null | undefined;
