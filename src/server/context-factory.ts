import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext, Viewer } from '../context.ts';
import { Lifetime, type Upstreams } from '../datasources/index.ts';
import { BffError } from '../errors.ts';

const TIMEOUT = /^[1-9]\d{0,8}$/;
// The first language range of RFC 9110 §12.5.4: a language, and a region or script.
const LOCALE = /^[a-z]{2,3}(-[a-z\d]{2,8}){0,2}(?=$|[,;\s])/i;
// W3C Trace Context, version 00.
const TRACEPARENT = /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

export type ContextFactory = (
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<RequestContext>;

/** Makes what a request carries: who asks, how long it waits, and what it may ask for. */
export function createContextFactory(
  viewerOf: (authorization: string | undefined) => Promise<Viewer>,
  upstreams: Upstreams,
  { requestDeadlineMs }: { readonly requestDeadlineMs: number },
): ContextFactory {
  return async ({ id: requestId, headers }, reply) => {
    const lifetime = new Lifetime(Math.min(requestDeadlineMs, timeoutOf(headers)));
    reply.raw.once('close', () => lifetime.leave());
    const viewer = await lifetime.wait(viewerOf(headers.authorization));
    const call = { requestId, viewer, lifetime, ...travelling(headers) };
    return { requestId, viewer, datasources: upstreams.datasourcesFor(call) };
  };
}

/**
 * How long the client waits, in milliseconds.
 * @throws BffError BAD_REQUEST
 */
function timeoutOf({ 'x-request-timeout-ms': given }: IncomingHttpHeaders): number {
  if (given === undefined) return Number.POSITIVE_INFINITY;
  if (typeof given === 'string' && TIMEOUT.test(given)) return Number(given);
  throw new BffError('BAD_REQUEST', 'X-Request-Timeout-Ms must be a whole number, at least 1.');
}

/** What of the client's headers goes on to the services; the rest does not. */
function travelling({ 'accept-language': languages, traceparent }: IncomingHttpHeaders) {
  const [locale] = LOCALE.exec(languages ?? '') ?? [];
  const isTrace = typeof traceparent === 'string' && TRACEPARENT.test(traceparent);
  return { locale: locale?.toLowerCase(), traceparent: isTrace ? traceparent : undefined };
}
