import { randomUUID } from 'node:crypto';
import { remainingMs } from '../deadline.ts';
import type { CallWaiters } from './call-context.ts';

/**
 * What an upstream is told: nothing of the client's but what is listed here. The credential is the
 * service's own.
 *
 * A call for several requests has a request id of its own, and no trace.
 *
 * @param token - the service's bearer token for its upstreams
 * @throws BffError UPSTREAM_TIMEOUT after the deadline
 */
export function requestHeaders(
  members: Pick<CallWaiters, 'requesters' | 'expiresAt'>,
  token: string | undefined,
): Record<string, string> {
  const { requesters: calls, expiresAt: deadline } = members;
  const [first] = calls;
  const only = calls.length === 1 ? first : undefined;
  return {
    accept: 'application/json',
    // A compressed body could grow without bounds while it is read, and the way is short.
    'accept-encoding': 'identity',
    'user-agent': 'frontdesk',
    'x-request-id': only?.requestId ?? randomUUID(),
    'x-request-timeout-ms': String(remainingMs(deadline)),
    ...(token && { authorization: `Bearer ${token}` }),
    ...(first?.locale && { 'accept-language': first.locale }),
    ...(only?.traceparent && { traceparent: only.traceparent }),
    ...(only?.tracestate && { tracestate: only.tracestate }),
  };
}
