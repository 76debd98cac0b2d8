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
  const headers: Record<string, string> = {
    'user-agent': 'frontdesk',
    'x-request-id': only?.requestId ?? randomUUID(),
    'x-request-timeout-ms': String(remainingMs(expiresAt)),
  };
  if (token) headers.authorization = `Bearer ${token}`;
  if (first?.locale) headers['accept-language'] = first.locale;
  if (traceparent) headers.traceparent = traceparent;
  if (only?.tracestate) headers.tracestate = only.tracestate;
  return headers;
}
