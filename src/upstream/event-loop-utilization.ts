import { performance } from 'node:perf_hooks';

const SAMPLE_MS = 100;

/** How busy this process is. */
export class EventLoopUtilization {
  #since = performance.eventLoopUtilization();
  #sampledAt = performance.now();
  #latest = 0;

  /** The share of the last tenth of a second or so that the event loop was at work, 0 to 1. */
  readonly current = (): number => {
    const now = performance.now();
    if (now - this.#sampledAt >= SAMPLE_MS) {
      const current = performance.eventLoopUtilization();
      this.#latest = performance.eventLoopUtilization(current, this.#since).utilization;
      this.#since = current;
      this.#sampledAt = now;
    }
    return this.#latest;
  };
}
