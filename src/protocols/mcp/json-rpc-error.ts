import { cacheStatusHeader } from '../../cache/index.ts';
import { type ErrorHandler, toRefusal } from '../../http/error-handler.ts';
import { createRefusalCharge } from '../../http/refusal-charge.ts';
import type { RateLimiter } from '../../traffic/index.ts';
import { JSON_TYPE } from '../media-type.ts';
import type { ProtectedResource } from './protected-resource.ts';

/** JSON-RPC 2.0 §5.1: the last one is the server's own, for which the HTTP status says more. */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INTERNAL_ERROR = -32_603;
const SERVER_ERROR = -32_000;

/** Creates the handler of errors that end a request before, or instead of, its JSON-RPC response. */
export function createJsonRpcErrorHandler(
  { extendChallenge }: Pick<ProtectedResource, 'extendChallenge'>,
  charge: RateLimiter['charge'],
): ErrorHandler {
  const chargeRefusal = createRefusalCharge(charge);
  return (error, request, reply) => {
    chargeRefusal(error, request, reply);
    const { status, code, message, details } = toRefusal(error, request, reply);
    const challenge = reply.getHeader('www-authenticate');
    if (challenge) reply.header('www-authenticate', extendChallenge(String(challenge), request));
    return reply
      .code(status)
      .header('cache-status', cacheStatusHeader('bypass'))
      .type(JSON_TYPE)
      .send({
        jsonrpc: '2.0',
        id: idOf(request.body),
        error: {
          code: isInvalidJson(error) ? PARSE_ERROR : toJsonRpcCode(status),
          message,
          data: { code, ...details, requestId: request.id },
        },
      });
  };
}

const isInvalidJson = (error: { readonly code: string }): boolean =>
  error.code === 'FST_ERR_CTP_INVALID_JSON_BODY';

function toJsonRpcCode(status: number): number {
  if (status >= 500) return INTERNAL_ERROR;
  return status === 400 ? INVALID_REQUEST : SERVER_ERROR;
}

/** The id of the request that the body is; null if there is none. */
function idOf(body: unknown): string | number | null {
  const { id } = (body ?? {}) as { readonly id?: unknown };
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
