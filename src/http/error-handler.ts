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
  INTERNAL_SERVER_ERROR: 500,
  NOT_FOUND: 404,
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
export const statusOf = ({ code, status }: Pick<BffError, 'code' | 'status'>): number =>
  status ?? STATUS[code] ?? 400;

/** Sends the response for an error that a hook or a handler has thrown. */
export type ErrorHandler = (
  error: FastifyError | BffError,
  request: FastifyRequest,
  reply: FastifyReply,
) => unknown;

/** What the client of a refused request is told. */
export interface Refusal extends Pick<BffError, 'code' | 'message' | 'details'> {
  readonly status: number;
}

/** Sends an error in the form of GraphQL errors: `{ "errors": [{ message, extensions }] }`. */
export const handleError: ErrorHandler = (error, request, reply) => {
  const { status, code, message, details } = toRefusal(error, request, reply);
  return reply.code(status).send({ errors: [toClientError(code, message, request.id, details)] });
};

/** Records and logs an error, and sets the headers of its response. */
export const toRefusal = (
  error: FastifyError | BffError,
  request: FastifyRequest,
  reply: FastifyReply,
): Refusal =>
  error instanceof BffError
    ? fromBffError(error, request, reply)
    : fromFrameworkError(error, request);

function fromBffError(error: BffError, request: FastifyRequest, reply: FastifyReply): Refusal {
  const { code, message, cause, details } = error;
  recordRefusal(request, code, error);
  if (code === 'UNAUTHENTICATED') addChallenge(request, reply);
  // The message only: the cause itself may hold claims of a token.
  if (cause instanceof Error) logOf(request).info({ code, reason: cause.message }, message);
  reply.headers(error.headers);
  return { status: statusOf(error), code, message: messageFor(error), details };
}

/** An error of Fastify itself, or an unexpected one. */
function fromFrameworkError(error: FastifyError, request: FastifyRequest): Refusal {
  const status = error.statusCode ?? 500;
  if (status >= 500) logOf(request).error({ err: error }, 'unexpected error');
  const code = status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR';
  const message = status < 500 ? error.message : INTERNAL_ERROR_MESSAGE;
  recordRefusal(request, code);
  return { status, code, message, details: {} };
}

/** RFC 6750 §3: with an error code only if the request has a token. */
export function addChallenge({ headers }: FastifyRequest, reply: FastifyReply): void {
  const hasToken = headers.authorization !== undefined;
  reply.header('www-authenticate', hasToken ? 'Bearer error="invalid_token"' : 'Bearer');
}

export const pathNotFound = (message: string): BffError =>
  new BffError('NOT_FOUND', message, { status: 404 });

export const errorBody = (code: ErrorCode, message: string, requestId: string) => ({
  errors: [toClientError(code, message, requestId)],
});
