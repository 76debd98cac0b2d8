import type { TraceContext } from './trace-context.ts';

export interface SamplerOptions {
  /** As `OTEL_TRACES_SAMPLER` names it, such as `parentbased_traceidratio`. */
  readonly name: string;
  /** The share of traces that a ratio sampler samples, 0 to 1. */
  readonly ratio: number;
}

/** Decides at its start if a request is traced. Allocates nothing, so that a request that is not costs nothing. */
export type Sampler = (context: TraceContext) => boolean;

const PARENT_BASED = 'parentbased_';

/**
 * Creates a sampler. Only with `parentbased_` does the client's own decision apply, where it has made
 * one: for clients that may decide it, such as a gateway in front. Otherwise clients on the internet could
 * have every request traced, by the flag or by the id of their trace.
 */
export function createSampler({ name, ratio }: SamplerOptions): Sampler {
  const isParentBased = name.startsWith(PARENT_BASED);
  const root = isParentBased ? name.slice(PARENT_BASED.length) : name;
  const share = { always_on: 1, always_off: 0, traceidratio: ratio }[root] ?? 0;
  return ({ traceparent }) =>
    isParentBased && traceparent !== undefined ? isSampled(traceparent) : Math.random() < share;
}

const isSampled = (traceparent: string): boolean =>
  (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;
