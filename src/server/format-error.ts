import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { BffError, type ErrorCode } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';

/** What the GraphQL layer itself says of a request, in words that are safe to show. */
const ABOUT_THE_REQUEST: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** Apollo Server takes it out of validation errors alone, not out of those about variables. */
const SUGGESTION = / Did you mean .+\?/s;

/** A variable that may be null, in the place of an argument that may not: found when executing. */
const NULL_ARGUMENT = /^Argument "(\w+)" of (non-null|required) type/;

const STACK_EXHAUSTED = /^(Syntax Error: )?Maximum call stack size exceeded/;
const NO_INTROSPECTION = /^GraphQL introspection is not allowed/;

/** One error of an answer, as the body has it. */
export interface ClientError {
  readonly message: string;
  readonly extensions: { readonly code: ErrorCode; readonly requestId: string };
}

export const toClientError = (
  code: ErrorCode,
  message: string,
  requestId: string,
): ClientError => ({ message, extensions: { code, requestId } });

/**
 * The one place where an error becomes what a client sees: a BffError as it is, what the GraphQL
 * layer says of the request with its code, and everything else as a masked sentence, logged.
 * @param production - whether to leave out what would tell the schema's names
 */
export function createErrorFormatter(log: Log, production: boolean) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const { message, locations, path } = formatted;
    const place = { ...(locations && { locations }), ...(path && { path }) };
    const cause = unwrapResolverError(error);
    if (cause instanceof BffError) {
      return { message: cause.message, ...place, extensions: { code: cause.code } };
    }
    const [, argument] = (cause instanceof GraphQLError && NULL_ARGUMENT.exec(cause.message)) || [];
    if (argument) {
      const extensions = { code: 'BAD_USER_INPUT' satisfies ErrorCode };
      return { message: `"${argument}" must not be null.`, ...place, extensions };
    }
    const code = codeOf(formatted, error);
    if (code) {
      return { message: inOurWords(message, production), ...place, extensions: { code } };
    }
    log.error({ err: cause, path }, 'unexpected error');
    const extensions = { code: 'INTERNAL_SERVER_ERROR' satisfies ErrorCode };
    return { message: 'Something went wrong on our side.', ...place, extensions };
  };
}

function inOurWords(message: string, production: boolean): string {
  if (STACK_EXHAUSTED.test(message)) return 'The document is nested too deeply.';
  if (NO_INTROSPECTION.test(message)) return 'Introspection is not allowed here.';
  return production ? message.replace(SUGGESTION, '') : message;
}

function codeOf({ extensions }: GraphQLFormattedError, error: unknown): ErrorCode | undefined {
  const code = String(extensions?.code);
  if (ABOUT_THE_REQUEST.has(code)) return code as ErrorCode;
  // Some refusals of Apollo Server's have a status, but no code.
  const http = error instanceof GraphQLError ? error.extensions.http : undefined;
  const { status } = (http ?? {}) as { status?: number };
  return status && status >= 400 && status < 500 ? 'BAD_REQUEST' : undefined;
}
