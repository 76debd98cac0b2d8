import { performance } from 'node:perf_hooks';

const SAMPLE_MS = 100;

/** The event loop utilization of this process, sampled. */
export class EventLoopUtilization {
  #baseline = performance.eventLoopUtilization();
  #sampledAt = performance.now();
  #latest = 0;

  /** The share of about the last 100 ms in which the event loop was active, 0 to 1. */
  readonly current = (): number => {
    const now = performance.now();
    if (now - this.#sampledAt >= SAMPLE_MS) {
      const sample = performance.eventLoopUtilization();
      this.#latest = performance.eventLoopUtilization(sample, this.#baseline).utilization;
      this.#baseline = sample;
      this.#sampledAt = now;
    }
    return this.#latest;
  };
}
