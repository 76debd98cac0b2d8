const MAX_SAMPLES = 128;
const RECOMPUTE_INTERVAL = 16;
/** More than a pause of our own, for which no upstream is to blame. */
const MIN_OVERDUE_MS = 50;
const MAX_OVERDUE_MS = 1_000;
const MIN_SAMPLES = 16;
const RECENT_SAMPLES = 32;
/** How far apart calls may leave when the process is idle, and how much farther when it is busy. */
const IDLE_INTERVAL_MS = 1;
const BUSY_INTERVAL_MS = 5;
const BUSY_FROM = 0.4;
const BUSY_TO = 0.8;
const MAX_IN_FLIGHT = 32;

/** What an operation's recent calls took, and what follows from it. */
export class ConcurrencyLimit {
  readonly #samples: number[] = [];
  readonly #utilization: () => number;
  #recorded = 0;
  #p99 = 0;
  #lowest = Number.POSITIVE_INFINITY;

  /** @param busy - the share of its time that this process is at work, 0 to 1 */
  constructor(busy: () => number = () => 0) {
    this.#utilization = busy;
  }

  /** @param ms - how long a call took that was answered */
  record(ms: number): void {
    this.#samples[this.#recorded++ % MAX_SAMPLES] = ms;
    if (this.#recorded > RECOMPUTE_INTERVAL && this.#recorded % RECOMPUTE_INTERVAL !== 0) return;
    const sorted = this.#samples.toSorted((a, b) => a - b);
    this.#p99 = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    this.#lowest = Math.min(...this.#recentSamples());
  }

  #recentSamples(): number[] {
    const count = Math.min(RECENT_SAMPLES, this.#recorded);
    return Array.from(
      { length: count },
      (_, back) => this.#samples[(this.#recorded - 1 - back) % MAX_SAMPLES] as number,
    );
  }

  /** Records what some work takes, if it succeeds. */
  async time<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const value = await work();
    this.record(performance.now() - start);
    return value;
  }

  /**
   * After how many milliseconds a call is overdue: three times the recent p99, 50 to 1000; 1000 as
   * long as little is known.
   */
  get overdueMs(): number {
    if (this.#recorded < MIN_SAMPLES) return MAX_OVERDUE_MS;
    return Math.min(MAX_OVERDUE_MS, Math.max(MIN_OVERDUE_MS, 3 * this.#p99));
  }

  /**
   * How many calls may be under way before keys gather: so many that one returns about every
   * millisecond, and no key waits longer than that for a call to leave with. Calls cost time of our
   * own as well, so that a busy process lets more keys gather for each. The lowest latency is
   * reckoned with, because the others hold the waiting that too many calls bring about.
   */
  get limit(): number {
    const strain = Math.min(
      1,
      Math.max(0, this.#utilization() - BUSY_FROM) / (BUSY_TO - BUSY_FROM),
    );
    const limit = Math.round(this.#lowest / (IDLE_INTERVAL_MS + BUSY_INTERVAL_MS * strain));
    return Math.min(MAX_IN_FLIGHT, Math.max(1, limit));
  }
}
