import { randomUUID } from 'node:crypto';
import { remainingMs } from '../deadline.ts';
import type { TraceSpan } from '../telemetry/tracing/span.ts';
import type { CallWaiters } from './call-context.ts';

/**
 * Builds the headers of an upstream call. No client header is forwarded except those listed here; the
 * credential is this service's own.
 *
 * A call for several requests has its own request id, and a trace only if one of them is traced.
 *
 * @param token - the service's bearer token for its upstreams
 * @param span - the span of the call, which the upstream continues
 * @throws BffError UPSTREAM_TIMEOUT after the deadline
 */
export function requestHeaders(
  waiters: Pick<CallWaiters, 'requesters' | 'expiresAt'>,
  token: string | undefined,
  span?: Pick<TraceSpan, 'traceparent'>,
): Record<string, string> {
  const { requesters, expiresAt } = waiters;
  const [first] = requesters;
  const only = requesters.length === 1 ? first : undefined;
  const traceparent = span?.traceparent ?? only?.traceparent;
  return {
    'user-agent': 'frontdesk',
    'x-request-id': only?.requestId ?? randomUUID(),
    'x-request-timeout-ms': String(remainingMs(expiresAt)),
    ...(token && { authorization: `Bearer ${token}` }),
    ...(first?.locale && { 'accept-language': first.locale }),
    ...(traceparent && { traceparent }),
    ...(only?.tracestate && { tracestate: only.tracestate }),
  };
}
