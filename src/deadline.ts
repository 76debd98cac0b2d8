import { timedOut } from './upstream/errors.ts';

/**
 * How long one request waits for its answers: until its deadline, or until its client leaves. One
 * timer serves all that the request asks for.
 */
export class Lifetime {
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  /** How many wait; more than one, where others wait for the same. */
  #waiting = 1;
  #over = false;

  /** @param budgetMs - how long until the deadline */
  constructor(budgetMs: number) {
    this.deadline = performance.now() + budgetMs;
  }

  /** Whether nobody waits any more. */
  get isOver(): boolean {
    return this.#over;
  }

  /** One who waits has got the answer, or has left; with the last of them all waiting ends. */
  leave(): void {
    if (--this.#waiting === 0) this.#end();
  }

  /**
   * One more waits for what this request asks for.
   * @returns what to call, once, when they wait no more
   */
  join(): () => void {
    this.#waiting++;
    return () => this.leave();
  }

  /** A timer runs only while somebody waits: what is answered at once needs none. */
  #watch(): NodeJS.Timeout {
    const leftMs = Math.ceil(Math.max(0, this.deadline - performance.now()));
    return setTimeout(() => this.#end(), leftMs);
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unwatch();
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** @returns what to call when the end is of no interest any more */
  onLeave(listener: () => void): () => void {
    if (!this.#over) this.#timer ??= this.#watch();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#unwatch();
    };
  }

  /**
   * The outcome of some work, for as long as the request waits for it; the work goes on.
   * @throws BffError UPSTREAM_TIMEOUT when the request waits no more
   */
  wait<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const leave = () => reject(timedOut());
      const stop = this.onLeave(leave);
      if (this.#over) leave();
      void work.then(resolve, reject).finally(stop);
    });
  }
}

/**
 * What is left until a deadline, in whole milliseconds, at least 1.
 * @param deadline - on the clock of `performance.now()`
 * @throws BffError UPSTREAM_TIMEOUT if nothing is left: no call starts after its deadline
 */
export function remaining(deadline: number): number {
  const left = Math.ceil(deadline - performance.now());
  if (left <= 0) throw timedOut();
  return left;
}
