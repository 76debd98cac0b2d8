import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BffError, type ErrorCode, toClientError } from '../errors.ts';
import { logRefusal } from './request-log.ts';
import { alwaysFor } from './security-headers.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  FORBIDDEN: 403,
  OPERATION_NOT_TRUSTED: 403,
  OVERLOADED: 503,
  // Clients then send the text; as with Apollo Server, that is no failure of theirs.
  PERSISTED_QUERY_NOT_FOUND: 200,
  RATE_LIMITED: 429,
  UNAUTHENTICATED: 401,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_TIMEOUT: 504,
};

/** Answers errors outside of an execution, in the form of those inside. */
export type ErrorAnswerer = (
  error: FastifyError | BffError,
  request: FastifyRequest,
  reply: FastifyReply,
) => unknown;

/**
 * What goes wrong outside of an execution gets the same form as what goes wrong inside.
 * @param notHere - what to say where there is nothing
 */
export function answerErrors(app: FastifyInstance, notHere: string, answer: ErrorAnswerer): void {
  app.setNotFoundHandler(() => {
    throw pathNotFound(notHere);
  });
  app.setErrorHandler<FastifyError | BffError>(answer);
}

/** Answers what was thrown on the way of a request. */
export function answerError(
  error: FastifyError | BffError,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  if (error instanceof BffError) return answerBffError(error, request, reply);
  return answerFrameworkError(error, request, reply);
}

function answerBffError(error: BffError, request: FastifyRequest, reply: FastifyReply) {
  const { code, message, cause, details, status = STATUS[code] ?? 400 } = error;
  logRefusal(request, code);
  if (code === 'UNAUTHENTICATED') {
    // RFC 6750 §3: with an error only if there was a token.
    const hasToken = request.headers.authorization !== undefined;
    reply.header('www-authenticate', hasToken ? 'Bearer error="invalid_token"' : 'Bearer');
  }
  // The cause itself may hold claims of a token.
  if (cause instanceof Error) request.log.info({ code, reason: cause.message }, message);
  return reply
    .code(status)
    .headers(error.headers)
    .send({ errors: [toClientError(code, message, request.id, details)] });
}

/** Answers what Fastify finds wrong, also before a route is known. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = error.statusCode ?? 500;
  if (status >= 500) request.log.error({ err: error }, 'unexpected error');
  const code = status < 500 ? 'BAD_REQUEST' : 'INTERNAL_SERVER_ERROR';
  const message = status < 500 ? error.message : 'Something went wrong on our side.';
  logRefusal(request, code);
  void reply
    .code(status)
    .headers({ ...alwaysFor(request), 'x-request-id': request.id })
    .send(errorBody(code, message, request.id));
}

export const refuseMethod = ({ method }: FastifyRequest) => {
  throw methodNotAllowed(`/graphql takes GET, HEAD and POST, not ${method}.`, 'GET, HEAD, POST');
};

/** @param allow - the methods that are (RFC 9110 §15.5.6) */
export const methodNotAllowed = (message: string, allow: string) =>
  new BffError('BAD_REQUEST', message, { status: 405, headers: { allow } });

export const pathNotFound = (message: string) =>
  new BffError('NOT_FOUND', message, { status: 404 });

export const errorBody = (code: ErrorCode, message: string, requestId: string) => ({
  errors: [toClientError(code, message, requestId)],
});
