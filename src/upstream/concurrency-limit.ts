const MAX_SAMPLES = 128;
const RECOMPUTE_INTERVAL = 16;
/**
 * Longer than a pause of this process (such as garbage collection), which is not the upstream's
 * fault.
 */
const MIN_OVERDUE_MS = 50;
const MAX_OVERDUE_MS = 1_000;
const MIN_SAMPLES = 16;
const RECENT_SAMPLES = 32;
/** The interval between calls when the process is idle, and the addition to it when it is busy. */
const IDLE_INTERVAL_MS = 1;
const BUSY_INTERVAL_MS = 5;
/** The range of event loop utilization over which the interval grows. */
const MIN_BUSY_UTILIZATION = 0.4;
const MAX_BUSY_UTILIZATION = 0.8;
const MAX_IN_FLIGHT = 32;
/** The event loop utilization from which keys wait for others as long as this delays no response. */
const MIN_SHARING_UTILIZATION = 0.1;

/** An operation's recent latencies, and the limits derived from them. */
export class ConcurrencyLimit {
  /** A ring of the most recent latencies, in milliseconds. */
  readonly #samples = new Float64Array(MAX_SAMPLES);
  readonly #utilization: () => number;
  #recorded = 0;
  #p99Ms = 0;
  #medianMs = 0;
  #minLatencyMs = Number.POSITIVE_INFINITY;

  /** @param utilization - the event loop utilization of this process, 0 to 1 */
  constructor(utilization: () => number = () => 0) {
    this.#utilization = utilization;
  }

  /** @param durationMs - the duration of a successful call */
  record(durationMs: number): void {
    this.#samples[this.#recorded++ % MAX_SAMPLES] = durationMs;
    if (this.#recorded > RECOMPUTE_INTERVAL && this.#recorded % RECOMPUTE_INTERVAL !== 0) return;
    const sorted = this.#samples.slice(0, this.#recorded).sort();
    this.#p99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    this.#medianMs = sorted[sorted.length >> 1] ?? 0;
    this.#minLatencyMs = this.#minOfRecent();
  }

  #minOfRecent(): number {
    let min = Number.POSITIVE_INFINITY;
    for (let age = 1; age <= Math.min(RECENT_SAMPLES, this.#recorded); age++) {
      min = Math.min(min, this.#samples[(this.#recorded - age) % MAX_SAMPLES] as number);
    }
    return min;
  }

  /** Runs the work and records its duration if it succeeds. */
  async time<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const value = await work();
    this.record(performance.now() - start);
    return value;
  }

  /** The median of the recent latencies, in milliseconds; 0 until there is one. */
  get medianMs(): number {
    return this.#medianMs;
  }

  /** True if the process is so busy that keys should wait for each other. */
  get isBusy(): boolean {
    return this.#utilization() >= MIN_SHARING_UTILIZATION;
  }

  /**
   * The time in milliseconds after which a call is overdue: three times the recent p99, 50 to 1000;
   * 1000 until there are enough samples.
   */
  get overdueMs(): number {
    if (this.#recorded < MIN_SAMPLES) return MAX_OVERDUE_MS;
    return Math.min(MAX_OVERDUE_MS, Math.max(MIN_OVERDUE_MS, 3 * this.#p99Ms));
  }

  /**
   * The maximum number of calls in flight before keys queue: as many as make one return about every
   * millisecond, which is then the longest wait of a queued key. Each call costs this process CPU time,
   * so a busy process collects more keys per call. The lowest latency counts, because the higher ones
   * include the queueing that too many calls cause.
   */
  get limit(): number {
    const load = Math.min(
      1,
      Math.max(0, this.#utilization() - MIN_BUSY_UTILIZATION) /
        (MAX_BUSY_UTILIZATION - MIN_BUSY_UTILIZATION),
    );
    const limit = Math.round(this.#minLatencyMs / (IDLE_INTERVAL_MS + BUSY_INTERVAL_MS * load));
    return Math.min(MAX_IN_FLIGHT, Math.max(1, limit));
  }
}
