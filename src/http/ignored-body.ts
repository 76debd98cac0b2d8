import type { IncomingMessage } from 'node:http';
import { BffError } from '../errors.ts';
import { hasBody } from './counted-request.ts';

const BODYLESS_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a body of a GET, HEAD or OPTIONS request: nothing reads it, so nothing would limit it.
 * @throws BffError BAD_REQUEST
 */
export function refuseIgnoredBody(request: IncomingMessage): void {
  const { method = '' } = request;
  if (!BODYLESS_METHODS.has(method) || !hasBody(request)) return;
  throw new BffError('BAD_REQUEST', `A ${method} request must not have a body.`);
}
