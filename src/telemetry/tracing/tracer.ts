import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ROOT_CONTEXT, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../log.ts';
import { type SpanStart, TraceSpan } from './span.ts';
import type { TraceContext } from './trace-context.ts';

const EXPORT_TIMEOUT_MS = 5_000;
const EXPORT_INTERVAL_MS = 1_000;
const LOG_INTERVAL_MS = 60_000;

/** What becomes of exports. */
export interface ExportReport {
  readonly log: Log;
  /** Called for each export that fails, with the number of its spans. */
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
  const exporter = reportFailures(
    new OTLPTraceExporter({
      url: `${endpoint.href.replace(/\/$/, '')}/v1/traces`,
      headers,
      timeoutMillis: EXPORT_TIMEOUT_MS,
    }),
    options,
  );
  const processor = new BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: EXPORT_INTERVAL_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.instance.id': randomUUID(),
      'host.name': hostname(),
      'process.pid': process.pid,
      ...resource,
      'service.name': serviceName,
    }),
    spanProcessors: [processor],
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

/** Counts the spans that could not be exported, and logs once a minute that they are lost. */
function reportFailures(exporter: SpanExporter, { log, countLost }: ExportReport): SpanExporter {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        if (result.error) countLost(spans.length);
        const isLogged = performance.now() - loggedAt < LOG_INTERVAL_MS;
        if (result.error && !isLogged) {
          loggedAt = performance.now();
          // Not the message: it repeats what the receiver says, which may repeat the headers.
          const { code } = result.error as NodeJS.ErrnoException;
          log.warn({ code, spans: spans.length }, 'trace export failed');
        }
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
