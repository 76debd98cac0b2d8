import { isTimeout } from './failure.ts';

const SAMPLES = 128;
const RECKON_EVERY = 16;
/** More than a pause of our own, for which no upstream is to blame. */
const FLOOR_MS = 300;
const ENOUGH = 16;
/** With so many milliseconds of latency for each call under way, one returns every millisecond. */
const MS_PER_CALL = 1;
const MOST_UNDER_WAY = 32;

/** What an operation's recent calls took, and what follows from it. */
export class Latency {
  readonly #recent: number[] = [];
  #next = 0;
  #p99 = 0;
  #lowest = Number.POSITIVE_INFINITY;

  /** @param ms - how long a call took; of one that timed out, how long it was waited for */
  record(ms: number): void {
    this.#recent[this.#next % SAMPLES] = ms;
    if (++this.#next % RECKON_EVERY !== 0 && this.#next > RECKON_EVERY) return;
    const sorted = this.#recent.toSorted((a, b) => a - b);
    this.#p99 = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    this.#lowest = sorted[0] ?? 0;
  }

  /** Records what some work takes, if it answers or times out. */
  async time<T>(work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      const value = await work();
      this.record(performance.now() - start);
      return value;
    } catch (error) {
      if (isTimeout(error)) this.record(performance.now() - start);
      throw error;
    }
  }

  /**
   * How long one attempt may take: three times the recent p99, at least 300 ms, at most `mostMs`,
   * and that as long as little is known.
   */
  attemptTimeout(mostMs: number): number {
    if (this.#next < ENOUGH) return mostMs;
    return Math.min(mostMs, Math.max(FLOOR_MS, 3 * this.#p99));
  }

  /**
   * How many calls may be under way before keys gather: so many that one returns about every
   * millisecond, and no key waits longer than that for a call to leave with. The lowest latency is
   * reckoned with, because the others hold the waiting that too many calls bring about.
   */
  get limit(): number {
    const limit = Math.round(this.#lowest / MS_PER_CALL);
    return Math.min(MOST_UNDER_WAY, Math.max(1, limit));
  }
}
