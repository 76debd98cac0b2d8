import {
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * The fields of a document with one operation. A path is the response keys from the root, without
 * positions in lists: `viewer.orders.edges`.
 */
export function createSelection(source: string) {
  const { definitions } = parse(source);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  const operation = definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const original = operation as OperationDefinitionNode;

  /** @param keeps - called with the path of each field; false removes the field */
  function filter(
    { selections }: SelectionSetNode,
    path: string,
    keeps: (path: string) => boolean,
  ) {
    const kept = selections.flatMap((selection) => filterOne(selection, path, keeps));
    return { kind: Kind.SELECTION_SET, selections: kept.length > 0 ? kept : [TYPENAME] } as const;
  }

  function filterOne(
    node: SelectionNode,
    path: string,
    keeps: (path: string) => boolean,
  ): SelectionNode[] {
    if (node.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(node.name.value) as FragmentDefinitionNode;
      const { typeCondition, selectionSet } = fragment;
      const { directives = [] } = node;
      const inline = { kind: Kind.INLINE_FRAGMENT, typeCondition, directives } as const;
      return [{ ...inline, selectionSet: filter(selectionSet, path, keeps) }];
    }
    if (node.kind === Kind.INLINE_FRAGMENT) {
      return [{ ...node, selectionSet: filter(node.selectionSet, path, keeps) }];
    }
    const own = [path, (node.alias ?? node.name).value].filter(Boolean).join('.');
    if (!keeps(own)) return [];
    const { selectionSet } = node;
    return [selectionSet ? { ...node, selectionSet: filter(selectionSet, own, keeps) } : node];
  }

  function paths(): string[] {
    const found = new Set<string>();
    filter(original.selectionSet, '', (path) => Boolean(found.add(path)));
    return [...found];
  }

  return {
    /** The paths of all fields, parents first. */
    paths,
    /** The paths of the children of a path, or of the root. */
    below: (parent = '') =>
      paths().filter((path) => parent === path.slice(0, Math.max(0, path.lastIndexOf('.')))),
    /** The operation without one field and without the variables that only it uses. */
    without(removed: string): string {
      const selectionSet = filter(original.selectionSet, '', (path) => path !== removed);
      const used = new Set<string>();
      visit(selectionSet, { Variable: ({ name }) => void used.add(name.value) });
      const variableDefinitions = original.variableDefinitions?.filter(({ variable }) =>
        used.has(variable.name.value),
      );
      return print({ ...original, selectionSet, variableDefinitions: variableDefinitions ?? [] });
    },
  };
}

export type Selection = ReturnType<typeof createSelection>;
