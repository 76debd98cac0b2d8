import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Lexer,
  NoSchemaIntrospectionCustomRule,
  parse,
  Source,
  specifiedRules,
  TokenKind,
  validate,
} from 'graphql';
import { BffError } from '../errors.ts';
import { DocumentError } from './document-error.ts';
import {
  enforceDocumentLimits,
  enforceLimit,
  INTROSPECTION_LIMITS,
  type OperationLimits,
} from './limits/index.ts';

/** So many faults are said; to find the others costs more than it helps. */
const MAX_ERRORS = 5;

interface ReaderOptions {
  readonly limits: OperationLimits;
  /** Whether the schema may be asked for, and is named in suggestions. */
  readonly isSchemaPublic: boolean;
}

/**
 * Parses documents, holds them to the limits, and validates them (GraphQL, October 2021, §5), in this
 * order: each step takes a time that the one before it has bounded.
 *
 * The documents of others know no places: graphql-js would reckon the line of each error while executing, which
 * takes a time that grows with errors times lines, and what it remembers for that is most of a
 * document's memory.
 */
export function createDocumentReader(
  schema: GraphQLSchema,
  { limits, isSchemaPublic: isOpen }: ReaderOptions,
) {
  const rules = isOpen ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const introspectionLimits = isOpen ? INTROSPECTION_LIMITS : undefined;
  const options = { maxErrors: MAX_ERRORS, hideSuggestions: !isOpen };

  const faultsOf = (document: DocumentNode) =>
    // The last one says only that there are more.
    validate(schema, document, rules, options).slice(0, MAX_ERRORS);

  /** @throws DocumentError; BffError QUERY_TOO_COMPLEX */
  return (source: string): DocumentNode => {
    enforceLimit(limits, 'characters', source.length);
    const document = parseWithin(source, limits);
    enforceDocumentLimits(document, limits, introspectionLimits);
    const faults = faultsOf(document);
    if (faults.length === 0) return document;
    // Those who write documents want to know where.
    const said = isOpen ? faultsOf(parse(source)) : faults;
    throw new DocumentError('GRAPHQL_VALIDATION_FAILED', said);
  };
}

export type DocumentReader = ReturnType<typeof createDocumentReader>;

function parseWithin(source: string, limits: OperationLimits): DocumentNode {
  try {
    return parse(source, { maxTokens: limits.tokens, noLocation: true });
  } catch (error) {
    if (error instanceof GraphQLError) {
      enforceLimit(limits, 'tokens', countTokens(source));
      throw new DocumentError('GRAPHQL_PARSE_FAILED', [error]);
    }
    // The parser recurses with the nesting of values, and can exhaust the stack.
    throw new BffError('QUERY_TOO_COMPLEX', 'The document is nested too deeply.', { cause: error });
  }
}

/** Up to the first that is no token. */
function countTokens(source: string): number {
  const lexer = new Lexer(new Source(source));
  let count = 0;
  try {
    while (lexer.advance().kind !== TokenKind.EOF) count++;
  } catch {
    // What follows is not read.
  }
  return count;
}
