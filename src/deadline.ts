import { timeoutError } from './errors.ts';

/**
 * How long one request waits for its answers: until its deadline, or until its client leaves. One
 * timer serves all that the request asks for.
 */
export class RequestDeadline {
  /** On the clock of `performance.now()`. */
  readonly expiresAt: number;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  /** How many wait; more than one, where others wait for the same. */
  #holders = 1;
  #done = false;

  /** @param budgetMs - how long until the deadline */
  constructor(budgetMs: number) {
    this.expiresAt = performance.now() + budgetMs;
  }

  /** Whether nobody waits any more. */
  get isDone(): boolean {
    return this.#done;
  }

  /** One who waits has got the answer, or has left; with the last of them all waiting ends. */
  release(): void {
    if (--this.#holders === 0) this.#end();
  }

  /**
   * One more waits for what this request asks for.
   * @returns what to call, once, when they wait no more
   */
  retain(): () => void {
    this.#holders++;
    return () => this.release();
  }

  /** A timer runs only while somebody waits: what is answered at once needs none. */
  #startTimer(): NodeJS.Timeout {
    const leftMs = Math.ceil(Math.max(0, this.expiresAt - performance.now()));
    return setTimeout(() => this.#end(), leftMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    if (this.#done) return;
    this.#done = true;
    this.#stopTimer();
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** @returns what to call when the end is of no interest any more */
  onDone(listener: () => void): () => void {
    if (!this.#done) this.#timer ??= this.#startTimer();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stopTimer();
    };
  }

  /**
   * The outcome of some work, for as long as the request waits for it; the work goes on.
   * @throws BffError UPSTREAM_TIMEOUT when the request waits no more
   */
  wait<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const leave = () => reject(timeoutError());
      const stop = this.onDone(leave);
      if (this.#done) leave();
      void work.then(resolve, reject).finally(stop);
    });
  }
}

/**
 * What is left until a deadline, in whole milliseconds, at least 1.
 * @param deadline - on the clock of `performance.now()`
 * @throws BffError UPSTREAM_TIMEOUT if nothing is left: no call starts after its deadline
 */
export function remainingMs(deadline: number): number {
  const left = Math.ceil(deadline - performance.now());
  if (left <= 0) throw timeoutError();
  return left;
}
