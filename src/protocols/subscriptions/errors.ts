import { GraphQLError } from 'graphql';
import {
  BffError,
  type ErrorCode,
  INTERNAL_ERROR_MESSAGE,
  messageFor,
  toClientError,
} from '../../errors.ts';
import { statusOf } from '../../http/error-handler.ts';
import { DocumentError } from '../../operations/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { createDocumentErrors } from '../graphql-over-http/request-errors.ts';

/** An operation that was refused. */
interface RefusedOperation {
  readonly code: ErrorCode;
  /** The one of the response over server-sent events, for metrics. */
  readonly status: number;
  readonly errors: GraphQLError[];
}

/**
 * Creates the function that turns what a phase of the pipeline throws into errors for the client of a
 * WebSocket, which has no status.
 * @param isSchemaPublic - false masks the messages of graphql-js, which name types and fields
 */
export function createOperationErrors(isSchemaPublic: boolean, log: Log) {
  const ofDocument = createDocumentErrors(isSchemaPublic);

  return (error: unknown, requestId: string): RefusedOperation => {
    if (error instanceof DocumentError) {
      const errors = ofDocument(error, requestId).map(toGraphQLError);
      return { code: error.code, status: 200, errors };
    }
    if (error instanceof BffError) {
      const { code, details } = error;
      const errors = [toGraphQLError(toClientError(code, messageFor(error), requestId, details))];
      return { code, status: statusOf(error), errors };
    }
    log.error({ err: error, reqId: requestId }, 'unexpected error');
    const code = 'INTERNAL_SERVER_ERROR';
    const errors = [toGraphQLError(toClientError(code, INTERNAL_ERROR_MESSAGE, requestId))];
    return { code, status: 500, errors };
  };
}

/** graphql-ws takes errors of this class only. */
export const toGraphQLError = ({
  message,
  extensions,
}: {
  readonly message: string;
  readonly extensions?: object | undefined;
}): GraphQLError => new GraphQLError(message, { extensions: { ...extensions } });
