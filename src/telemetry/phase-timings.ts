import type { MaybePromise } from '../maybe-promise.ts';
import type { SpanStart, TraceSpan } from './tracing/span.ts';

export interface Phase {
  readonly name: string;
  readonly durationMs: number;
}

/** Measures the phases of one request that is traced, or whose client gets Server-Timing. */
export class PhaseTimings {
  readonly phases: Phase[] = [];
  /** The span of the latest phase, which upstream calls continue. */
  span: TraceSpan | undefined = undefined;
  readonly #root: TraceSpan | undefined;

  /** @param root - the span of the request, if it is traced */
  constructor(root: TraceSpan | undefined) {
    this.#root = root;
  }

  /** Runs a phase and measures it to its end, also if it has to wait or fails. */
  measure<T>(name: string, phase: () => MaybePromise<T>, span?: SpanStart): MaybePromise<T> {
    const startedAt = performance.now();
    const phaseSpan = this.#root?.startChild(span ?? { name });
    this.span = phaseSpan;
    const finish = () => {
      this.phases.push({ name, durationMs: performance.now() - startedAt });
      phaseSpan?.end();
    };
    let isWaiting = false;
    try {
      const result = phase();
      isWaiting = result instanceof Promise;
      return result instanceof Promise ? result.finally(finish) : result;
    } finally {
      if (!isWaiting) finish();
    }
  }
}
