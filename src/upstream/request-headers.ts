import { randomUUID } from 'node:crypto';
import { remaining } from '../deadline.ts';
import type { Members } from './call-context.ts';

/**
 * What an upstream is told: nothing of the client's but what is listed here. The credential is the
 * service's own.
 *
 * A call for several requests has a request id of its own, and no trace.
 *
 * @param token - the service's bearer token for its upstreams
 * @throws BffError UPSTREAM_TIMEOUT after the deadline
 */
export function headersFor(
  members: Pick<Members, 'calls' | 'deadline'>,
  token: string | undefined,
): Record<string, string> {
  const { calls, deadline } = members;
  const [first] = calls;
  const only = calls.length === 1 ? first : undefined;
  return {
    accept: 'application/json',
    // A compressed body could grow without bounds while it is read, and the way is short.
    'accept-encoding': 'identity',
    'user-agent': 'frontdesk',
    'x-request-id': only?.requestId ?? randomUUID(),
    'x-request-timeout-ms': String(remaining(deadline)),
    ...(token && { authorization: `Bearer ${token}` }),
    ...(first?.locale && { 'accept-language': first.locale }),
    ...(only?.traceparent && { traceparent: only.traceparent }),
  };
}
