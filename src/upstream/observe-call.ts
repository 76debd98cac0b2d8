import { BffError } from '../errors.ts';
import type { UpstreamMetrics } from '../telemetry/metrics/upstreams.ts';
import type { TraceSpan } from '../telemetry/tracing/span.ts';
import type { UpstreamAccess, UpstreamCall } from '../telemetry/upstream-call.ts';
import type { CallContext, CallWaiters } from './call-context.ts';
import { UpstreamFailure } from './errors.ts';

type CallDescription = Omit<UpstreamCall, 'requests' | 'startedAt' | 'endedAt' | 'outcome'> & {
  readonly method: string;
};

/** One call under observation, from the moment it is sent. */
export interface ObservedCall {
  /** The span that the upstream continues; undefined unless a request that waits for it is traced. */
  readonly span: TraceSpan | undefined;
  readonly succeed: (status: number) => void;
  readonly fail: (error: unknown) => void;
}

type Work<T> = (call: CallContext) => Promise<T>;

/**
 * Observes a read or a write: the time until its result is there, from calls that other requests may
 * share. It has a span of its own if the request is traced, and is recorded if its response is explained.
 */
export function observeAccess<T>(name: string, call: CallContext, work: Work<T>): Promise<T> {
  return call.span || call.accesses ? observe(name, call, work) : work(call);
}

async function observe<T>(name: string, call: CallContext, work: Work<T>): Promise<T> {
  const span = call.span?.startChild({ name });
  const access = call.accesses && startAccess(name);
  if (access) call.accesses?.push(access);
  const end = (results: readonly unknown[]) => {
    const failures = results.filter(isFailure);
    for (const { code } of failures) span?.fail(code);
    span?.end();
    if (!access) return;
    access.endedAt = performance.now();
    access.failure = failures[0] && kindOfCause(failures[0]);
  };
  try {
    const value = await work({ ...call, span, access });
    end([value].flat());
    return value;
  } catch (error) {
    end([error]);
    throw error;
  }
}

const startAccess = (name: string): UpstreamAccess => ({
  name,
  startedAt: performance.now(),
  endedAt: undefined,
  circuit: undefined,
  failure: undefined,
  calls: new Set(),
});

/** True for an upstream's failure; a missing object is none. */
const isFailure = (result: unknown): result is BffError =>
  result instanceof BffError && result.code.startsWith('UPSTREAM_');

/**
 * Adds a call to the records of the requests that wait for it, to the metrics, and to the traces of
 * those that are traced.
 */
export function observeCall(
  { method, ...description }: CallDescription,
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
  for (const { calls, accesses } of requesters) {
    calls?.push(call);
    if (accesses) addToAccesses(call, waiters);
  }
  const deadlines = new Set(requesters.map(({ deadline }) => deadline));
  const span = startSpan(requesters, call, method);
  const setStatus = (status: number) => {
    if (!isGrpc(call)) span?.setAttributes({ 'http.response.status_code': status });
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
      joined.access?.calls.add(call);
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

/** A request may wait for the same call in several accesses. */
function addToAccesses(call: UpstreamCall, waiters: CallWaiters): void {
  for (const { access } of waiters.current()) access?.calls.add(call);
}

const isGrpc = ({ instance }: UpstreamCall): boolean => instance.baseUrl.startsWith('grpc');

/** Starts a span below the first traced request; the others are linked with it. */
function startSpan(
  requesters: readonly CallContext[],
  call: UpstreamCall,
  method: string,
): TraceSpan | undefined {
  const [first, ...others] = requesters.flatMap(({ span }) => span ?? []);
  if (!first) return undefined;
  const { upstream, operation, keys, requests, retries, instance } = call;
  const { hostname, port, protocol } = new URL(instance.baseUrl);
  const span = first.startChild({
    name: isGrpc(call) ? operation : method,
    kind: CLIENT_SPAN,
    attributes: {
      ...(isGrpc(call)
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

/** An access that ends at its request's deadline has no other cause. */
const kindOfCause = ({ code, cause }: BffError): string =>
  cause === undefined && code === 'UPSTREAM_TIMEOUT' ? 'timeout' : kindOf(cause);

const kindOf = (error: unknown): string =>
  error instanceof UpstreamFailure ? error.kind : 'error';
