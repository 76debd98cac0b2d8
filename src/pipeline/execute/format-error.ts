import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { BffError, type ErrorCode, INTERNAL_ERROR_MESSAGE } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';

/** The codes of errors of the GraphQL layer whose messages are safe to send. */
const REQUEST_ERRORS: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
]);

/** The error for a null variable in the place of a non-null argument, found during execution. */
const NULL_ARGUMENT = /^Argument "(\w+)" of (non-null|required) type/;

const NO_INTROSPECTION = /^GraphQL introspection /;

/**
 * Creates the formatter of all errors of executions. A BffError is sent as it is, and an error of the
 * GraphQL layer about the request with its code. Any other error is logged and masked.
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
    return { message: INTERNAL_ERROR_MESSAGE, ...place, extensions };
  };
}

/** Replaces messages of the GraphQL layer that name its options. */
export const maskMessage = (message: string): string =>
  NO_INTROSPECTION.test(message) ? 'Introspection is not allowed here.' : message;

function codeOf({ extensions }: GraphQLFormattedError, error: unknown): ErrorCode | undefined {
  const code = String(extensions?.code);
  if (REQUEST_ERRORS.has(code)) return code as ErrorCode;
  // Some errors of Apollo Server have a status, but no code.
  const http = error instanceof GraphQLError ? error.extensions.http : undefined;
  const { status } = (http ?? {}) as { status?: number };
  return status && status >= 400 && status < 500 ? 'BAD_REQUEST' : undefined;
}
