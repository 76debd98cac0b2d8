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
 * The fields of a document with one operation. A path is the names in the answer from the root on,
 * without places in lists: `viewer.orders.edges`.
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
  const whole = operation as OperationDefinitionNode;

  /** @param see - is told of each field, and says whether it stays */
  function filter({ selections }: SelectionSetNode, path: string, see: (path: string) => boolean) {
    const kept = selections.flatMap((selection) => one(selection, path, see));
    return { kind: Kind.SELECTION_SET, selections: kept.length > 0 ? kept : [TYPENAME] } as const;
  }

  function one(node: SelectionNode, path: string, see: (path: string) => boolean): SelectionNode[] {
    if (node.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(node.name.value) as FragmentDefinitionNode;
      const { typeCondition, selectionSet } = fragment;
      const { directives = [] } = node;
      const inline = { kind: Kind.INLINE_FRAGMENT, typeCondition, directives } as const;
      return [{ ...inline, selectionSet: filter(selectionSet, path, see) }];
    }
    if (node.kind === Kind.INLINE_FRAGMENT) {
      return [{ ...node, selectionSet: filter(node.selectionSet, path, see) }];
    }
    const own = [path, (node.alias ?? node.name).value].filter(Boolean).join('.');
    if (!see(own)) return [];
    const { selectionSet } = node;
    return [selectionSet ? { ...node, selectionSet: filter(selectionSet, own, see) } : node];
  }

  function paths(): string[] {
    const found = new Set<string>();
    filter(whole.selectionSet, '', (path) => Boolean(found.add(path)));
    return [...found];
  }

  return {
    /** Every field's path, each before those below it. */
    paths,
    /** The paths directly below a path, or below the root. */
    below: (parent = '') =>
      paths().filter((path) => parent === path.slice(0, Math.max(0, path.lastIndexOf('.')))),
    /** The same operation but for one field, and the variables that only it uses. */
    without(gone: string): string {
      const selectionSet = filter(whole.selectionSet, '', (path) => path !== gone);
      const used = new Set<string>();
      visit(selectionSet, { Variable: ({ name }) => void used.add(name.value) });
      const variableDefinitions = whole.variableDefinitions?.filter(({ variable }) =>
        used.has(variable.name.value),
      );
      return print({ ...whole, selectionSet, variableDefinitions: variableDefinitions ?? [] });
    },
  };
}

export type Selection = ReturnType<typeof createSelection>;
