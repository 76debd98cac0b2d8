import type { FastifyRequest } from 'fastify';
import { isHealthCheck } from '../http/health.ts';
import type { RequestObserver } from '../http/observe-requests.ts';
import { isUpgrade } from '../http/upgrades.ts';
import type { Metrics } from '../telemetry/metrics/index.ts';
import { PhaseTimings } from '../telemetry/phase-timings.ts';
import type { CompletedRequest, RequestRecord } from '../telemetry/request-record.ts';
import type { Tracing } from '../telemetry/tracing/index.ts';
import type { TraceSpan } from '../telemetry/tracing/span.ts';
import { traceContextOf } from '../telemetry/tracing/trace-context.ts';

interface ApiObserverOptions {
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
  /** True if every client gets Server-Timing, and an explanation if it asks for one; otherwise staff who ask. */
  readonly isDevelopment: boolean;
}

/** Creates the observer of the public listener: starts traces and timings, ends traces, and counts. */
export function createApiObserver(options: ApiObserverOptions): RequestObserver {
  const { metrics, tracing, isDevelopment } = options;
  const recipients = isDevelopment ? 'everyone' : 'staff';

  function startSpan(request: FastifyRequest): TraceSpan | undefined {
    if (!tracing) return undefined;
    const client = traceContextOf(request.headers);
    request.record.isUnsampled = !tracing.isSampled(client);
    if (request.record.isUnsampled) return undefined;
    const { method, protocol } = request;
    const { url: route = '', config } = request.routeOptions;
    // A connection for WebSocket can last for days.
    if (!config.isTraced || isUpgrade(request.raw)) return undefined;
    const attributes = {
      'http.request.method': method,
      'http.route': route,
      'url.path': request.url.split('?', 1)[0],
      'url.scheme': protocol,
    };
    return tracing.start({ name: `${method} ${route}`, kind: SERVER_SPAN, attributes }, client);
  }

  return {
    begin(request) {
      const { record, headers } = request;
      const span = startSpan(request);
      if (span) {
        record.span = span;
        record.traceId = span.traceId;
      }
      if (isDevelopment || headers['graphql-timing'] === 'report') record.timingsFor = recipients;
      if (headers['graphql-explain'] === '1')
        record.explanation = { recipients, accesses: [], refusals: [] };
      if (span || record.timingsFor || record.explanation) record.timings = new PhaseTimings(span);
    },
    end(request, completed) {
      const { span } = completed.record;
      if (span) endSpan(span, completed);
      if (!isHealthCheck(request)) metrics.requests.observe(completed);
    },
  };
}

/** SpanKind.SERVER, without loading OpenTelemetry in a process that exports no traces. */
const SERVER_SPAN = 1;

function endSpan(span: TraceSpan, { record, status }: CompletedRequest): void {
  span.setAttributes({ 'http.response.status_code': status, ...attributesOf(record) });
  if (status >= 500) span.fail(String(status));
  span.end();
}

function attributesOf({
  operations: [first],
  viewer,
  cacheStatus,
  errorCodes = [],
}: RequestRecord) {
  const name = first?.definition.name?.value;
  return {
    ...(name && { 'graphql.operation.name': name }),
    ...(viewer && { 'frontdesk.viewer': viewer }),
    ...(cacheStatus && { 'frontdesk.cache': cacheStatus }),
    ...(errorCodes.length > 0 && { 'frontdesk.error_codes': [...errorCodes] }),
  };
}
