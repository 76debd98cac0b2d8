import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { BffError, type ErrorCode } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';

/** What the GraphQL layer itself says of a request, in words that are safe to show. */
const ABOUT_THE_REQUEST: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
]);

/** A variable that may be null, in the place of an argument that may not: found when executing. */
const NULL_ARGUMENT = /^Argument "(\w+)" of (non-null|required) type/;

const NO_INTROSPECTION = /^GraphQL introspection /;

/**
 * The one place where an error becomes what a client sees: a BffError as it is, what the GraphQL
 * layer says of the request with its code, and everything else as a masked sentence, logged.
 */
export function createErrorFormatter(log: Log) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const { message, locations, path } = formatted;
    const place = { ...(locations?.length && { locations }), ...(path && { path }) };
    const cause = unwrapResolverError(error);
    if (cause instanceof BffError) {
      return {
        message: cause.message,
        ...place,
        extensions: { code: cause.code, ...cause.details },
      };
    }
    const [, argument] = (cause instanceof GraphQLError && NULL_ARGUMENT.exec(cause.message)) || [];
    if (argument) {
      const extensions = { code: 'BAD_USER_INPUT' satisfies ErrorCode };
      return { message: `"${argument}" must not be null.`, ...place, extensions };
    }
    const code = codeOf(formatted, error);
    if (code) {
      return { message: maskMessage(message), ...place, extensions: { code } };
    }
    log.error({ err: cause, path }, 'unexpected error');
    const extensions = { code: 'INTERNAL_SERVER_ERROR' satisfies ErrorCode };
    return { message: 'Something went wrong on our side.', ...place, extensions };
  };
}

/** Where the GraphQL layer's words are not for a client. */
export const maskMessage = (message: string): string =>
  NO_INTROSPECTION.test(message) ? 'Introspection is not allowed here.' : message;

function codeOf({ extensions }: GraphQLFormattedError, error: unknown): ErrorCode | undefined {
  const code = String(extensions?.code);
  if (ABOUT_THE_REQUEST.has(code)) return code as ErrorCode;
  // Some refusals of Apollo Server's have a status, but no code.
  const http = error instanceof GraphQLError ? error.extensions.http : undefined;
  const { status } = (http ?? {}) as { status?: number };
  return status && status >= 400 && status < 500 ? 'BAD_REQUEST' : undefined;
}
