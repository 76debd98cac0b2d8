import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ROOT_CONTEXT, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../log.ts';
import { type SpanStart, TraceSpan } from './span.ts';
import type { TraceContext } from './trace-context.ts';

const EXPORT_TIMEOUT_MS = 5_000;
const EXPORT_INTERVAL_MS = 1_000;
/** Spans that wait for their export; further ones are dropped. */
const MAX_QUEUED_SPANS = 2_048;
const LOG_INTERVAL_MS = 60_000;

/** What becomes of exports. */
export interface ExportReport {
  readonly log: Log;
  /** Called with the number of spans in a failed export, and for each span that the queue can't take. */
  readonly countLost: (spans: number) => void;
}

export interface ExporterOptions extends ExportReport {
  /** The OTLP/HTTP receiver; spans are sent to /v1/traces below it. */
  readonly endpoint: URL;
  /** Sent with each export, such as a token for the receiver. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** More attributes of the resource, such as `service.version`. */
  readonly resource: Readonly<Record<string, string>>;
}

/** Creates the tracer that exports spans in batches, over OTLP/HTTP. The receiver may be down. */
export function createTracer(options: ExporterOptions) {
  const { endpoint, headers, serviceName, resource } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.href.replace(/\/$/, '')}/v1/traces`,
    headers,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.instance.id': randomUUID(),
      'host.name': hostname(),
      'process.pid': process.pid,
      ...resource,
      'service.name': serviceName,
    }),
    spanProcessors: [createProcessor(exporter, options)],
  });
  const tracer = provider.getTracer('frontdesk');
  return {
    /** Starts the span of a sampled request, below the client's span if there is one. */
    startRequest: (start: SpanStart, client: TraceContext): TraceSpan =>
      startRequest(tracer, start, client),
    /** Exports what is left. Never rejects. */
    close: () => provider.shutdown().catch(() => undefined),
  };
}

function startRequest(tracer: Tracer, start: SpanStart, { traceparent }: TraceContext): TraceSpan {
  if (traceparent === undefined) return new TraceSpan(tracer, start, ROOT_CONTEXT);
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  const traceFlags = TraceFlags.SAMPLED;
  const parent = trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags,
    isRemote: true,
  });
  return new TraceSpan(tracer, start, parent);
}

/**
 * Queues spans and exports them in batches. The queue's length is counted here, because the library drops
 * the spans that its queue can't take without telling.
 */
function createProcessor(exporter: SpanExporter, report: ExportReport): SpanProcessor {
  const exportFailed = createLossReport(report, 'trace export failed');
  const queueFull = createLossReport(report, 'trace queue full');
  let queued = 0;
  const processor = new BatchSpanProcessor({
    maxQueueSize: MAX_QUEUED_SPANS,
    scheduledDelayMillis: EXPORT_INTERVAL_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
    exporter: {
      export(spans: ReadableSpan[], done) {
        queued -= spans.length;
        exporter.export(spans, (result) => {
          if (result.error) exportFailed(spans.length, result.error);
          done(result);
        });
      },
      forceFlush: async () => exporter.forceFlush?.(),
      shutdown: () => exporter.shutdown(),
    },
  });
  return {
    onStart: () => undefined,
    onEnd(span) {
      if (queued >= MAX_QUEUED_SPANS) return queueFull(1);
      queued++;
      processor.onEnd(span);
    },
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

/** Counts lost spans, and logs them once a minute. */
function createLossReport({ log, countLost }: ExportReport, message: string) {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (spans: number, error?: NodeJS.ErrnoException): void => {
    countLost(spans);
    if (performance.now() - loggedAt < LOG_INTERVAL_MS) return;
    loggedAt = performance.now();
    // Not the error's message: it repeats what the receiver says, which may repeat the headers.
    log.warn({ code: error?.code, spans }, message);
  };
}
