import { createSampler, type SamplerOptions } from './sampler.ts';
import type { SpanStart, TraceSpan } from './span.ts';
import type { TraceContext } from './trace-context.ts';
import type { ExporterOptions } from './tracer.ts';

export interface TracingOptions {
  readonly endpoint: URL;
  /** Sent with each export, such as a token for the receiver. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly sampler: SamplerOptions;
}

export interface Tracing {
  /** Starts the span of a request, if its trace is sampled. */
  readonly start: (client: TraceContext, describe: () => SpanStart) => TraceSpan | undefined;
  /** Exports what is left. */
  readonly close: () => Promise<void>;
}

/** Creates the tracing of a process. OpenTelemetry is loaded here, so that a process without it starts faster. */
export async function createTracing(
  options: TracingOptions,
  report: Pick<ExporterOptions, 'log' | 'countLost'>,
): Promise<Tracing> {
  const { createTracer } = await import('./tracer.ts');
  const isSampled = createSampler(options.sampler);
  const tracer = createTracer({ ...options, ...report });
  return {
    start: (client, describe) =>
      isSampled(client) ? tracer.startRequest(describe(), client) : undefined,
    close: tracer.close,
  };
}
