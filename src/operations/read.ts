import {
  type DocumentNode,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';

// Parsing, validation and execution recurse with the document: much longer ones could exhaust the
// stack. Our own have some two hundred.
export const PARSE_OPTIONS = { maxTokens: 4_000 } as const;

/**
 * Parses and validates documents, by the same rules as Apollo Server, which takes over what fails.
 * @param introspection - whether the schema may be asked for
 */
export function createDocumentReader(schema: GraphQLSchema, introspection: boolean) {
  const rules = introspection
    ? specifiedRules
    : [...specifiedRules, NoSchemaIntrospectionCustomRule];

  /** @returns undefined if anything is wrong */
  return (source: string): DocumentNode | undefined => {
    try {
      const document = parse(source, PARSE_OPTIONS);
      return validate(schema, document, rules).length === 0 ? document : undefined;
    } catch {
      // A syntax error, or a document that is nested too deeply for the stack.
      return undefined;
    }
  };
}
