import {
  type DocumentNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsByName } from '../graphql-ast.ts';

/**
 * Lists the schema coordinates of the fields that an operation selects, such as `Order.total`, each
 * once. Introspection and `__typename` are left out.
 * @param document - valid, so that its fragments have no cycle
 */
export function fieldsOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operation, selectionSet }: OperationDefinitionNode,
): readonly string[] {
  const fragments = fragmentsByName(document);
  const fields = new Set<string>();
  /** A fragment has one type condition, so it is visited once, however often it is spread. */
  const visited = new Set<string>();

  function visit(set: SelectionSetNode, type: GraphQLCompositeType): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        visitField(selection.name.value, selection.selectionSet, type);
        continue;
      }
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
      const fragment = isSpread ? fragments.get(selection.name.value) : selection;
      if (!fragment) continue;
      if (isSpread && visited.has(selection.name.value)) continue;
      if (isSpread) visited.add(selection.name.value);
      const on = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
      visit(fragment.selectionSet, isCompositeType(on) ? on : type);
    }
  }

  function visitField(
    name: string,
    below: SelectionSetNode | undefined,
    type: GraphQLCompositeType,
  ): void {
    if (isUnionType(type) || name.startsWith('__')) return;
    const field = type.getFields()[name];
    if (!field) return;
    fields.add(`${type.name}.${name}`);
    const returned = getNamedType(field.type);
    if (below && isCompositeType(returned)) visit(below, returned);
  }

  const root = schema.getRootType(operation);
  if (root) visit(selectionSet, root);
  return [...fields];
}

/** Tells by schema coordinate if a field is deprecated. */
export function createDeprecationLookup(schema: GraphQLSchema): (field: string) => boolean {
  const deprecated = new Set(
    Object.values(schema.getTypeMap()).flatMap((type) =>
      isCompositeType(type) && !isUnionType(type)
        ? Object.values(type.getFields())
            .filter(({ deprecationReason }) => deprecationReason != null)
            .map(({ name }) => `${type.name}.${name}`)
        : [],
    ),
  );
  return (field) => deprecated.has(field);
}
