import type { MaybePromise } from '../maybe-promise.ts';
import type { SpanStart, TraceSpan } from './tracing/span.ts';

export interface Phase {
  readonly name: string;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** Measures the phases of one request that is traced, or whose client gets Server-Timing. */
export class PhaseTimings {
  readonly phases: Phase[] = [];
  /** The span of the execution, which upstream calls continue. */
  span: TraceSpan | undefined = undefined;
  readonly #root: TraceSpan | undefined;
  /** Phases without a span so far. */
  #withoutSpan: Phase[] = [];

  /** @param root - the span of the request, if it is traced */
  constructor(root: TraceSpan | undefined) {
    this.#root = root;
  }

  /**
   * Runs a phase and measures it to its end, also if it has to wait or fails.
   * @param execution - the span to start if the phase executes an operation
   */
  measure<T>(name: string, phase: () => MaybePromise<T>, execution?: SpanStart): MaybePromise<T> {
    const startedAt = performance.now();
    if (execution) this.span = this.#root?.startChild(execution);
    const finish = (hasWaited: boolean) => {
      const measured = { name, startedAt, durationMs: performance.now() - startedAt };
      this.phases.push(measured);
      if (execution) this.span?.end();
      else this.#withoutSpan.push(measured);
      if (execution || hasWaited) this.#addSpans();
    };
    let isWaiting = false;
    try {
      const result = phase();
      isWaiting = result instanceof Promise;
      return result instanceof Promise ? result.finally(() => finish(true)) : result;
    } finally {
      if (!isWaiting) finish(false);
    }
  }

  /**
   * Adds the spans of phases that have ended. A stored response whose phases did not wait has none: its
   * phases take microseconds, and their spans would take longer than all of them.
   */
  #addSpans(): void {
    for (const { name, startedAt, durationMs } of this.#withoutSpan)
      this.#root?.startChild({ name, startTime: startedAt }).end(startedAt + durationMs);
    this.#withoutSpan = [];
  }
}
