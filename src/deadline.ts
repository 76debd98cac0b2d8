import { timeoutError } from './errors.ts';

/**
 * The time that one request may wait: until its deadline passes or its client leaves. One timer serves
 * all upstream calls of the request.
 */
export class RequestDeadline {
  /** On the clock of `performance.now()`. */
  readonly expiresAt: number;
  /** Undefined until there is one, because most requests never wait. */
  #listeners: Set<() => void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The number of clients that wait for the result; more than one when a result is shared. */
  #holders = 1;
  #done = false;

  /** @param budgetMs - the time until the deadline, in milliseconds */
  constructor(budgetMs: number) {
    this.expiresAt = performance.now() + budgetMs;
  }

  /** True after the deadline, or when no holder remains. */
  get isDone(): boolean {
    return this.#done;
  }

  /** Removes one holder, which has its result or has left. The last one ends the wait. */
  release(): void {
    if (--this.#holders === 0) this.#end();
  }

  /** Adds a holder, which waits for the same result, until it calls `release`. */
  retain(): void {
    this.#holders++;
  }

  /** Starts the timer for the first listener: a request that never waits needs no timer. */
  #ensureTimer(): void {
    if (this.#done || this.#timer) return;
    const delayMs = Math.ceil(Math.max(0, this.expiresAt - performance.now()));
    this.#timer = setTimeout(() => this.#end(), delayMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    if (this.#done) return;
    this.#done = true;
    this.#stopTimer();
    for (const listener of this.#listeners ?? []) listener();
    this.#listeners = undefined;
  }

  /**
   * Calls the listener once, when the wait ends.
   * @returns a function that removes the listener
   */
  onDone(listener: () => void): () => void {
    this.#ensureTimer();
    return this.#listen(listener);
  }

  #listen(listener: () => void): () => void {
    const listeners = this.#listeners ?? new Set();
    this.#listeners = listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#stopTimer();
    };
  }

  /**
   * Waits for the work until the deadline. The work continues after it.
   * @throws BffError UPSTREAM_TIMEOUT when the wait ends before the work settles
   */
  wait<T>(work: Promise<T>): Promise<T> {
    this.#ensureTimer();
    return this.waitUntilReleased(work);
  }

  /**
   * Waits for work that settles before the deadline in any case: it needs no timer, and the wait ends early
   * only when no holder remains.
   * @throws BffError UPSTREAM_TIMEOUT when the wait ends before the work settles
   */
  waitUntilReleased<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timeOut = () => reject(timeoutError());
      const removeListener = this.#listen(timeOut);
      if (this.#done) timeOut();
      // Not with `finally`, which would make two more promises.
      work.then(
        (value) => {
          removeListener();
          resolve(value);
        },
        (error: Error) => {
          removeListener();
          reject(error);
        },
      );
    });
  }
}

/**
 * Returns the time until a deadline in whole milliseconds, at least 1.
 * @param expiresAt - on the clock of `performance.now()`
 * @throws BffError UPSTREAM_TIMEOUT after the deadline, so that no call starts after it
 */
export function remainingMs(expiresAt: number): number {
  const ms = Math.ceil(expiresAt - performance.now());
  if (ms <= 0) throw timeoutError();
  return ms;
}
