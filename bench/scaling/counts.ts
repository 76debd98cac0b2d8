const KINDS = ['gets', 'redisHits', 'sets', 'executions', 'followers', 'purges'] as const;

export type Kind = (typeof KINDS)[number];

/** What happens in a simulation, per interval of time. */
export class Counts {
  readonly #intervalSeconds: number;
  readonly #counts: Readonly<Record<Kind, Float64Array>>;
  readonly #window: readonly [from: number, to: number];
  #copySeconds = 0;
  #hits = 0;

  /** @param window - in which `mean` measures, in seconds from the start */
  constructor(endsAt: number, intervalSeconds: number, window: readonly [number, number]) {
    this.#intervalSeconds = intervalSeconds;
    this.#window = window;
    const create = () => new Float64Array(Math.ceil(endsAt / intervalSeconds));
    this.#counts = Object.fromEntries(KINDS.map((kind) => [kind, create()])) as never;
  }

  add(kind: Kind, at: number, count: number): void {
    const index = Math.floor(at / this.#intervalSeconds);
    this.#counts[kind][index] = (this.#counts[kind][index] ?? 0) + count;
  }

  /**
   * Adds copies in memory that existed from one time to another.
   * @param rate - the expected requests per second that find one of them
   */
  addCopies(from: number, to: number, count: number, rate: number): void {
    const [start, end] = this.#window;
    const seconds = Math.min(to, end) - Math.max(from, start);
    if (seconds <= 0) return;
    this.#copySeconds += seconds * count;
    this.#hits += seconds * rate;
  }

  /** Per second, in the window. */
  mean(kind: Kind): number {
    const [start, end] = this.#window;
    return (
      this.perSecond(kind, start, end).reduce((sum, rate) => sum + rate, 0) /
      Math.round((end - start) / this.#intervalSeconds)
    );
  }

  /** Copies in the memories of all replicas, on average in the window. */
  get meanCopies(): number {
    const [start, end] = this.#window;
    return this.#copySeconds / (end - start);
  }

  /** Requests per second that found a copy in memory, in the window. */
  get meanHits(): number {
    const [start, end] = this.#window;
    return this.#hits / (end - start);
  }

  /** The rate of each interval. */
  perSecond(kind: Kind, from: number, to: number): readonly number[] {
    const [first, last] = [from, to].map((time) => Math.round(time / this.#intervalSeconds));
    return [...this.#counts[kind].subarray(first, last)].map((n) => n / this.#intervalSeconds);
  }
}
