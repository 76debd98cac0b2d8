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

/** The number of errors in a response; finding more costs more than it helps. */
const MAX_ERRORS = 5;

interface ReaderOptions {
  readonly limits: OperationLimits;
  /** Allows introspection and suggestions that name parts of the schema. */
  readonly isSchemaPublic: boolean;
}

/**
 * Parses documents, enforces the limits, and validates (GraphQL, October 2021, §5), in this order: each
 * step bounds the time of the next.
 *
 * Ad-hoc documents are parsed without locations: graphql-js would compute the line of each execution
 * error, in time proportional to errors times lines, and locations are most of a document's memory.
 */
export function createDocumentReader(
  schema: GraphQLSchema,
  { limits, isSchemaPublic }: ReaderOptions,
) {
  const rules = isSchemaPublic
    ? specifiedRules
    : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const introspectionLimits = isSchemaPublic ? INTROSPECTION_LIMITS : undefined;
  const options = { maxErrors: MAX_ERRORS, hideSuggestions: !isSchemaPublic };

  const faultsOf = (document: DocumentNode) =>
    // The last error only says that there are more.
    validate(schema, document, rules, options).slice(0, MAX_ERRORS);

  /** @throws DocumentError; BffError QUERY_TOO_COMPLEX */
  return (source: string): DocumentNode => {
    enforceLimit(limits, 'characters', source.length);
    const document = parseWithin(source, limits);
    enforceDocumentLimits(document, limits, introspectionLimits);
    const faults = faultsOf(document);
    if (faults.length === 0) return document;
    // Outside production, developers get the location of each error.
    const reported = isSchemaPublic ? faultsOf(parse(source)) : faults;
    throw new DocumentError('GRAPHQL_VALIDATION_FAILED', reported);
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

/** Counts tokens up to the first syntax error. */
function countTokens(source: string): number {
  const lexer = new Lexer(new Source(source));
  let count = 0;
  try {
    while (lexer.advance().kind !== TokenKind.EOF) count++;
  } catch {
    // The rest of the text is not counted.
  }
  return count;
}
