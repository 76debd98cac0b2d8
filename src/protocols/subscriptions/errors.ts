import { GraphQLError } from 'graphql';
import { BffError, INTERNAL_ERROR_MESSAGE, messageFor, toClientError } from '../../errors.ts';
import { DocumentError } from '../../operations/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { createDocumentErrors } from '../graphql-over-http/request-errors.ts';

/**
 * Creates the function that turns what a phase of the pipeline throws into errors for the client of a
 * WebSocket, which has no status.
 * @param isSchemaPublic - false masks the messages of graphql-js, which name types and fields
 */
export function createOperationErrors(isSchemaPublic: boolean, log: Log) {
  const ofDocument = createDocumentErrors(isSchemaPublic);

  return (error: unknown, requestId: string): GraphQLError[] => {
    if (error instanceof DocumentError) return ofDocument(error, requestId).map(toGraphQLError);
    if (error instanceof BffError) {
      const { code, details } = error;
      return [toGraphQLError(toClientError(code, messageFor(error), requestId, details))];
    }
    log.error({ err: error, reqId: requestId }, 'unexpected error');
    return [
      toGraphQLError(toClientError('INTERNAL_SERVER_ERROR', INTERNAL_ERROR_MESSAGE, requestId)),
    ];
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
