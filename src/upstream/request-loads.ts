/** The requests of an operation after which its dependencies are known. */
const MIN_REQUESTS = 16;
/** The share of the slack that is used: latencies vary, and timers are late. */
const USED_SHARE = 0.7;
/** A timer takes up to a millisecond longer, so a short wait would delay the response. */
const MIN_WAIT_MS = 2;

/**
 * What the requests of one GraphQL operation have shown about its loads: which of them others follow. A
 * load that another one follows has no slack, because all of its wait delays the response.
 */
export class LoadHistory {
  readonly #followed = new Set<string>();
  #requests = 0;

  /** @param operation - of the upstream */
  recordFollowed(operation: string): void {
    this.#followed.add(operation);
  }

  recordRequest(): void {
    this.#requests++;
  }

  /** False until enough requests have shown that no other load follows. */
  isFinal(operation: string): boolean {
    return this.#requests > MIN_REQUESTS && !this.#followed.has(operation);
  }
}

interface PendingLoad {
  readonly operation: string;
  /** On the clock of `performance.now()`, like `expectedAt`. */
  readonly startedAt: number;
  readonly expectedAt: number;
}

/**
 * The loads of one request, from which follows how long each can wait for others to share its call: a
 * response is as slow as its slowest load, so the others have slack.
 */
export class RequestLoads {
  readonly #history: LoadHistory;
  readonly #pending = new Set<PendingLoad>();
  readonly #ended = new Set<string>();
  readonly #now: () => number;

  /** @param now - a clock in milliseconds, for tests */
  constructor(history: LoadHistory, now = () => performance.now()) {
    this.#history = history;
    this.#now = now;
    history.recordRequest();
  }

  /**
   * @param latencyMs - that of the upstream's recent calls
   * @returns a function to call when the load has ended
   */
  start(operation: string, latencyMs: number): () => void {
    for (const ended of this.#ended) this.#history.recordFollowed(ended);
    const startedAt = this.#now();
    const load = { operation, startedAt, expectedAt: startedAt + latencyMs };
    this.#pending.add(load);
    return () => {
      this.#pending.delete(load);
      this.#ended.add(operation);
    };
  }

  /**
   * The time until which a load can wait without delaying the response, on the clock of
   * `performance.now()`; in the past for a load that others follow, or may follow, and for the slowest.
   */
  sendBy(operation: string): number {
    if (!this.#history.isFinal(operation)) return 0;
    let own: PendingLoad | undefined;
    let last = 0;
    for (const load of this.#pending) {
      if (load.operation === operation) own ??= load;
      last = Math.max(last, load.expectedAt);
    }
    if (!own) return 0;
    const waitMs = USED_SHARE * (last - own.expectedAt);
    return waitMs < MIN_WAIT_MS ? 0 : own.startedAt + waitMs;
  }
}
