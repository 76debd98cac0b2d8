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
/** The random part of a trace id (W3C Trace Context Level 2 §2.3): its last 56 bits, of which a number holds 52. */
const RANDOM_DIGITS = 13;
const RANDOM_RANGE = 16 ** RANDOM_DIGITS;

/**
 * Creates a sampler. With `parentbased_`, the client's own decision applies where it has made one: only
 * for clients that may decide it, such as a gateway in front. Otherwise every process decides by the
 * trace id, so that all of them sample the same traces.
 */
export function createSampler({ name, ratio }: SamplerOptions): Sampler {
  const isParentBased = name.startsWith(PARENT_BASED);
  const root = isParentBased ? name.slice(PARENT_BASED.length) : name;
  const share = { always_on: 1, always_off: 0, traceidratio: ratio }[root] ?? 0;
  return ({ traceparent }) => {
    if (traceparent === undefined) return Math.random() < share;
    if (isParentBased) return isSampled(traceparent);
    return randomPartOf(traceparent) < share;
  };
}

const isSampled = (traceparent: string): boolean =>
  (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;

/** @returns 0 to 1 */
const randomPartOf = (traceparent: string): number =>
  Number.parseInt(traceparent.slice(35 - RANDOM_DIGITS, 35), 16) / RANDOM_RANGE;
