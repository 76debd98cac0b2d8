import type { FastifyInstance } from 'fastify';
import { methodNotAllowed } from '../../errors.ts';
import type { ErrorHandler } from '../../http/error-handler.ts';

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** Answers all methods of a path but the allowed ones with 405 (RFC 9110 §15.5.6). */
export function refuseOtherMethods(
  app: FastifyInstance,
  url: string,
  allowed: readonly string[],
  errorHandler: ErrorHandler,
): void {
  const method = METHODS.filter((name) => !allowed.includes(name));
  const list = allowed.join(', ');
  const handler = () => {
    throw methodNotAllowed(`This path takes ${list} only.`, list);
  };
  app.route({ method, url, errorHandler, handler });
}
