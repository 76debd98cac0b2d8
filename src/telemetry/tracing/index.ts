import { createSampler, type SamplerOptions } from './sampler.ts';
import type { SpanStart, TraceSpan } from './span.ts';
import type { TraceContext } from './trace-context.ts';
import type { ExporterOptions, ExportReport } from './tracer.ts';

export interface TracingOptions extends Omit<ExporterOptions, keyof ExportReport> {
  readonly sampler: SamplerOptions;
}

export interface Tracing {
  /** Decides at its start if a request is traced; allocates nothing. */
  readonly isSampled: (client: TraceContext) => boolean;
  /** Starts the span of a sampled request, below the client's span if there is one. */
  readonly start: (start: SpanStart, client: TraceContext) => TraceSpan;
  /** Exports what is left. */
  readonly close: () => Promise<void>;
}

/** Creates the tracing of a process. OpenTelemetry is loaded here, so that a process without it starts faster. */
export async function createTracing(
  options: TracingOptions,
  report: ExportReport,
): Promise<Tracing> {
  const { createTracer } = await import('./tracer.ts');
  const tracer = createTracer({ ...options, ...report });
  return {
    isSampled: createSampler(options.sampler),
    start: tracer.startRequest,
    close: tracer.close,
  };
}
