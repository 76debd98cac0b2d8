import {
  type Attributes,
  type Context,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/** A span to start; `kind` is INTERNAL by default. */
export interface SpanStart {
  readonly name: string;
  readonly kind?: SpanKind;
  /** On the clock of `performance.now()`; now by default. */
  readonly startTime?: number;
  readonly attributes?: Attributes;
}

/** A span of a sampled trace, with its place in the tree: nothing depends on a global context. */
export class TraceSpan {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #context: Context;

  /** @param parent - the context of the parent span, or of none */
  constructor(tracer: Tracer, { name, ...options }: SpanStart, parent: Context) {
    this.#tracer = tracer;
    this.#span = tracer.startSpan(name, options, parent);
    this.#context = trace.setSpan(parent, this.#span);
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  /** The header of calls that continue this span (W3C Trace Context §3.2). */
  get traceparent(): string {
    const { traceId, spanId } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-01`;
  }

  startChild(start: SpanStart): TraceSpan {
    return new TraceSpan(this.#tracer, start, this.#context);
  }

  /** Links both spans to each other: they share work, and neither is the parent. */
  linkWith(other: TraceSpan): void {
    this.#span.addLink({ context: other.#span.spanContext() });
    other.#span.addLink({ context: this.#span.spanContext() });
  }

  setAttributes(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  /** @param errorType - `error.type` of the semantic conventions: a status or a short identifier */
  fail(errorType: string): void {
    this.#span.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR });
  }

  /** @param endTime - on the clock of `performance.now()`; now by default */
  end(endTime?: number): void {
    this.#span.end(endTime);
  }
}
