import type { UpstreamMetrics } from '../telemetry/metrics/upstreams.ts';
import type { TraceSpan } from '../telemetry/tracing/span.ts';
import type { UpstreamCall } from '../telemetry/upstream-call.ts';
import type { CallContext, CallWaiters } from './call-context.ts';
import { UpstreamFailure } from './errors.ts';
import type { Instance } from './load-balancer.ts';

interface CallDescription {
  readonly upstream: string;
  readonly operation: string;
  readonly keys: number | undefined;
  readonly method: string;
  readonly instance: Instance;
}

/** One call under observation, from the moment it is sent. */
export interface ObservedCall {
  /** The span that the upstream continues; undefined unless a request that waits for it is traced. */
  readonly span: TraceSpan | undefined;
  /** @param error - undefined if the call has succeeded */
  readonly end: (error?: unknown) => void;
}

/**
 * Runs a read in a span of its own if the request is traced: the time until its result is there, from a
 * call that other requests may share.
 */
export function inSpan<T>(
  name: string,
  call: CallContext,
  read: (call: CallContext) => Promise<T>,
): Promise<T> {
  if (!call.span) return read(call);
  const span = call.span.startChild({ name });
  return read({ ...call, span }).finally(() => span.end());
}

/**
 * Adds a call to the records of the requests that wait for it, to the metrics, and to the traces of
 * those that are traced.
 */
export function observeCall(
  { method, instance, ...description }: CallDescription,
  waiters: CallWaiters,
  metrics: UpstreamMetrics,
): ObservedCall {
  const { requesters } = waiters;
  const call: UpstreamCall = {
    ...description,
    requests: requesters.length,
    startedAt: performance.now(),
    endedAt: undefined,
    outcome: undefined,
  };
  for (const { calls } of requesters) calls?.push(call);
  const span = startSpan(requesters, call, method, instance);
  return {
    span,
    end(error) {
      call.endedAt = performance.now();
      call.outcome = error === undefined ? 'ok' : kindOf(error);
      for (const joined of waiters.current()) {
        if (requesters.includes(joined)) continue;
        call.requests++;
        joined.calls?.push(call);
        if (joined.span) span?.linkWith(joined.span);
      }
      metrics.observeCall(call);
      if (error !== undefined) span?.fail(errorTypeOf(error));
      span?.end();
    },
  };
}

/** Starts a span below the first traced request; the others are linked with it. */
function startSpan(
  requesters: readonly CallContext[],
  { upstream, operation, keys, requests }: UpstreamCall,
  method: string,
  { baseUrl }: Instance,
): TraceSpan | undefined {
  const [first, ...others] = requesters.flatMap(({ span }) => span ?? []);
  if (!first) return undefined;
  const { hostname, port, protocol } = new URL(baseUrl);
  const span = first.startChild({
    name: method,
    kind: CLIENT_SPAN,
    attributes: {
      'http.request.method': method,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
      'frontdesk.upstream': upstream,
      'frontdesk.upstream.operation': operation,
      'frontdesk.upstream.requests': requests,
      ...(keys !== undefined && { 'frontdesk.upstream.keys': keys }),
    },
  });
  for (const other of others) span.linkWith(other);
  return span;
}

/** SpanKind.CLIENT, without loading OpenTelemetry in a process that exports no traces. */
const CLIENT_SPAN = 2;

const kindOf = (error: unknown): string =>
  error instanceof UpstreamFailure ? error.kind : 'error';

/** A status, or the kind of failure (`error.type` in the semantic conventions). */
const errorTypeOf = (error: unknown): string =>
  error instanceof UpstreamFailure && error.status ? String(error.status) : kindOf(error);
