import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { ReadViewer } from '../auth/credentials.ts';
import { RequestDeadline } from '../deadline.ts';
import { BffError } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import { createLocaleReader } from './locale.ts';
import { type TraceContext, traceContextOf } from './trace-context.ts';

const TIMEOUT = /^[1-9]\d{0,8}$/;

/** Who asks, how long they wait, and what of their headers goes on to the services. */
export interface Caller extends TraceContext {
  readonly requestId: string;
  /** Where the request comes from, past the proxies that are believed. */
  readonly address: string;
  readonly viewer: Viewer;
  readonly deadline: RequestDeadline;
  /** In lower case. */
  readonly locale: string | undefined;
}

/** At once, unless a token must be verified. */
export type CallerReader = (request: FastifyRequest) => Caller | Promise<Caller>;

/** @param deadlineMs - how long a request may take, in milliseconds */
export function createCallerReader(viewerOf: ReadViewer, deadlineMs: number): CallerReader {
  const localeOf = createLocaleReader();

  return ({ id: requestId, ip: address, headers }) => {
    const deadline = new RequestDeadline(Math.min(deadlineMs, timeoutOf(headers)));
    const toCaller = (viewer: Viewer): Caller => ({
      requestId,
      address,
      viewer,
      deadline,
      locale: localeOf(headers['accept-language']),
      ...traceContextOf(headers),
    });
    const known = viewerOf(headers);
    return 'then' in known ? deadline.wait(known).then(toCaller) : toCaller(known);
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
