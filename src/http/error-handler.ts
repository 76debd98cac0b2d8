import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import {
  BffError,
  type ErrorCode,
  INTERNAL_ERROR_MESSAGE,
  messageFor,
  toClientError,
} from '../errors.ts';
import { logOf, recordRefusal } from './observe-requests.ts';

/** The HTTP status of each code; 400 for the others. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  FORBIDDEN: 403,
  OPERATION_NOT_TRUSTED: 403,
  OVERLOADED: 503,
  // Clients send the text next. Like Apollo Server, this does not count as a failure.
  PERSISTED_QUERY_NOT_FOUND: 200,
  RATE_LIMITED: 429,
  UNAUTHENTICATED: 401,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_TIMEOUT: 504,
};

/** The HTTP status of an error. */
export const statusOf = ({ code, status }: BffError): number => status ?? STATUS[code] ?? 400;

/** Sends the response for an error that a hook or a handler has thrown. */
export type ErrorHandler = (
  error: FastifyError | BffError,
  request: FastifyRequest,
  reply: FastifyReply,
) => unknown;

/** Sends an error in the form of GraphQL errors: `{ "errors": [{ message, extensions }] }`. */
export const handleError: ErrorHandler = (error, request, reply) =>
  error instanceof BffError
    ? sendBffError(error, request, reply)
    : sendFrameworkError(error, request, reply);

function sendBffError(error: BffError, request: FastifyRequest, reply: FastifyReply) {
  const { code, message, cause, details } = error;
  recordRefusal(request, code, error);
  if (code === 'UNAUTHENTICATED') {
    // RFC 6750 §3: with an error code only if the request has a token.
    const hasToken = request.headers.authorization !== undefined;
    reply.header('www-authenticate', hasToken ? 'Bearer error="invalid_token"' : 'Bearer');
  }
  // The message only: the cause itself may hold claims of a token.
  if (cause instanceof Error) logOf(request).info({ code, reason: cause.message }, message);
  return reply
    .code(statusOf(error))
    .headers(error.headers)
    .send({ errors: [toClientError(code, messageFor(error), request.id, details)] });
}

/** Sends an error of Fastify itself, or an unexpected one. */
function sendFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const status = error.statusCode ?? 500;
  if (status >= 500) logOf(request).error({ err: error }, 'unexpected error');
  const code = status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR';
  const message = status < 500 ? error.message : INTERNAL_ERROR_MESSAGE;
  recordRefusal(request, code);
  return reply.code(status).send(errorBody(code, message, request.id));
}

export const pathNotFound = (message: string): BffError =>
  new BffError('NOT_FOUND', message, { status: 404 });

export const errorBody = (code: ErrorCode, message: string, requestId: string) => ({
  errors: [toClientError(code, message, requestId)],
});
