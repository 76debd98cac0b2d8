import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { BffError, type ErrorCode } from '../errors.ts';
import { toClientError } from './format-error.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_TIMEOUT: 503,
};

/** What goes wrong outside of an execution gets the same form as what goes wrong inside. */
export function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler(async (request, reply) => {
    reply.code(404);
    return errorBody('NOT_FOUND', 'There is nothing here: the API is at /graphql.', request);
  });
  app.setErrorHandler(async (error: FastifyError | BffError, request, reply) => {
    if (error instanceof BffError) {
      reply.code(STATUS[error.code] ?? 400);
      if (error.code === 'UNAUTHENTICATED') {
        reply.header('www-authenticate', 'Bearer error="invalid_token"'); // RFC 6750 §3
      }
      if (error.cause) request.log.info({ err: error.cause }, error.message);
      return errorBody(error.code, error.message, request);
    }
    const status = error.statusCode ?? 500;
    reply.code(status);
    if (status < 500) return errorBody('BAD_REQUEST', error.message, request);
    request.log.error({ err: error }, 'unexpected error');
    return errorBody('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.', request);
  });
}

const errorBody = (code: ErrorCode, message: string, { id }: FastifyRequest) => ({
  errors: [toClientError(code, message, id)],
});
