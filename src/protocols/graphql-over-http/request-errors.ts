import type { FastifyError } from 'fastify';
import { cacheStatusHeader } from '../../cache/index.ts';
import { type BffError, type ClientError, type ErrorCode, toClientError } from '../../errors.ts';
import { type ErrorHandler, handleError } from '../../http/error-handler.ts';
import { recordRefusal } from '../../http/observe-requests.ts';
import { createRefusalCharge } from '../../http/refusal-charge.ts';
import { DocumentError } from '../../operations/index.ts';
import { maskMessage } from '../../pipeline/index.ts';
import type { RateLimiter } from '../../traffic/index.ts';
import { COMPLETE, STREAM_PATH, STREAM_TYPE, toEvent } from '../subscriptions/event-text.ts';
import { createErrorTypeChooser, isLegacy } from './content-negotiation.ts';

/** Some messages repeat parts of the document. */
const MAX_MESSAGE_LENGTH = 300;
const VARIABLE = /^Variable "\$\w+"/;

/**
 * Creates the handler of errors that end a request before its execution, in any hook or phase.
 * @param isSchemaPublic - false masks the messages of graphql-js, which name types and fields
 * @param charge - charges the client's address for the refused request
 */
export function createErrorHandler(
  isSchemaPublic: boolean,
  charge: RateLimiter['charge'],
): ErrorHandler {
  const typeFor = createErrorTypeChooser();
  const chargeRefusal = createRefusalCharge(charge);
  const toErrors = createDocumentErrors(isSchemaPublic);

  return (error: FastifyError | BffError | DocumentError, request, reply) => {
    const { accept } = request.headers;
    chargeRefusal(error, request, reply);
    reply.header('cache-status', cacheStatusHeader('bypass')).type(typeFor(accept));
    if (!(error instanceof DocumentError)) return handleError(error, request, reply);
    recordRefusal(request, error.code);
    if (request.routeOptions.url === STREAM_PATH) {
      const text = toEvent({ errors: toErrors(error, request.id) }) + COMPLETE;
      return reply.type(STREAM_TYPE).send(text);
    }
    return reply.code(isLegacy(accept) ? 200 : 400).send({ errors: toErrors(error, request.id) });
  };
}

/**
 * Creates the errors of an invalid document for its client.
 * @param isSchemaPublic - as for `createErrorHandler`
 */
export function createDocumentErrors(isSchemaPublic: boolean) {
  const toMessage = isSchemaPublic ? maskMessage : maskNames;

  return ({ code, errors }: DocumentError, requestId: string): ClientError[] =>
    // In production the first only: each error confirms or denies a guess about the schema.
    (isSchemaPublic ? errors : errors.slice(0, 1)).map(({ message, locations }) => {
      const shortMessage = toMessage(message, code).slice(0, MAX_MESSAGE_LENGTH);
      const error = toClientError(code, shortMessage, requestId);
      return locations ? { ...error, locations } : error;
    });
}

/** Replaces messages that name parts of the schema. */
function maskNames(message: string, code: ErrorCode): string {
  if (code === 'BAD_USER_INPUT') {
    return `${VARIABLE.exec(message)?.[0] ?? 'A variable'} is not valid.`;
  }
  if (code !== 'GRAPHQL_VALIDATION_FAILED') return message;
  const masked = maskMessage(message);
  return masked === message ? 'The document is not valid for this API.' : masked;
}
