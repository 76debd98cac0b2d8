import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLDirective,
  getDirectiveValues,
  Kind,
} from 'graphql';

type AnnotatedNode = { readonly directives?: readonly ConstDirectiveNode[] } | null | undefined;

/**
 * Reads a schema directive from the first node that has it.
 * @param directive - undefined if the schema does not define it
 * @returns the arguments of the directive; undefined if no node has it
 */
export function readDirective<T>(
  directive: GraphQLDirective | null | undefined,
  nodes: readonly AnnotatedNode[],
): T | undefined {
  if (!directive) return undefined;
  const node = nodes.find((node) =>
    node?.directives?.some(({ name }) => name.value === directive.name),
  );
  return node ? (getDirectiveValues(directive, node) as T) : undefined;
}

/** Maps the fragments of a document by name; of several with one name, the last. */
export function fragmentsByName(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  return fragments;
}
