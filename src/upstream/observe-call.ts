import { BffError } from '../errors.ts';
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
  /** The number of times that the same read has been sent before. */
  readonly retries: number;
  readonly instance: Instance;
}

/** One call under observation, from the moment it is sent. */
export interface ObservedCall {
  /** The span that the upstream continues; undefined unless a request that waits for it is traced. */
  readonly span: TraceSpan | undefined;
  readonly succeed: (status: number) => void;
  readonly fail: (error: unknown) => void;
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
  return call.span ? readInSpan(call.span.startChild({ name }), call, read) : read(call);
}

async function readInSpan<T>(
  span: TraceSpan,
  call: CallContext,
  read: (call: CallContext) => Promise<T>,
): Promise<T> {
  try {
    const value = await read({ ...call, span });
    markFailed(span, [value].flat());
    return value;
  } catch (error) {
    markFailed(span, [error]);
    throw error;
  } finally {
    span.end();
  }
}

/** @param results - of which some may be errors; a missing object is no failure */
function markFailed(span: TraceSpan, results: readonly unknown[]): void {
  for (const result of results) {
    if (result instanceof BffError && result.code.startsWith('UPSTREAM_')) span.fail(result.code);
  }
}

/**
 * Adds a call to the records of the requests that wait for it, to the metrics, and to the traces of
 * those that are traced.
 */
export function observeCall(
  { method, retries, instance, ...description }: CallDescription,
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
  const deadlines = new Set(requesters.map(({ deadline }) => deadline));
  const span = startSpan(requesters, call, { method, retries, instance });
  const setStatus = (status: number) => {
    if (!isGrpc(instance)) span?.setAttributes({ 'http.response.status_code': status });
  };
  return {
    span,
    succeed(status) {
      setStatus(status);
      end('ok');
    },
    fail(error) {
      const status = error instanceof UpstreamFailure ? error.status : undefined;
      if (status !== undefined) setStatus(status);
      span?.fail(String(status ?? kindOf(error)));
      end(kindOf(error));
    },
  };

  function end(outcome: string): void {
    call.endedAt = performance.now();
    call.outcome = outcome;
    for (const joined of waiters.current()) {
      // A request may wait with several copies of its context, which share its deadline.
      if (deadlines.has(joined.deadline)) continue;
      deadlines.add(joined.deadline);
      call.requests++;
      joined.calls?.push(call);
      if (joined.span) span?.linkWith(joined.span);
    }
    metrics.observeCall(call);
    span?.end();
  }
}

const isGrpc = ({ baseUrl }: Instance): boolean => baseUrl.startsWith('grpc');

/** Starts a span below the first traced request; the others are linked with it. */
function startSpan(
  requesters: readonly CallContext[],
  { upstream, operation, keys, requests }: UpstreamCall,
  { method, retries, instance }: Pick<CallDescription, 'method' | 'retries' | 'instance'>,
): TraceSpan | undefined {
  const [first, ...others] = requesters.flatMap(({ span }) => span ?? []);
  if (!first) return undefined;
  const { hostname, port, protocol } = new URL(instance.baseUrl);
  const span = first.startChild({
    name: isGrpc(instance) ? operation : method,
    kind: CLIENT_SPAN,
    attributes: {
      ...(isGrpc(instance)
        ? { 'rpc.system.name': 'grpc', 'rpc.method': operation }
        : { 'http.request.method': method }),
      ...(retries > 0 && { 'http.request.resend_count': retries }),
      'server.address': hostname,
      'server.port': Number(port) || (/^(http|grpc)s:$/.test(protocol) ? 443 : 80),
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
