/** How many calls are open at once, over all services. */
export class Gauge {
  #open = 0;
  #most = 0;

  open(): void {
    this.#open++;
    this.#most = Math.max(this.#most, this.#open);
  }

  /**
   * The answer is on its way. Calls that are read in the same turn of the event loop were sent
   * before anyone could have seen it, so that until the turn's end this one is open as well.
   */
  close(): void {
    setImmediate(() => this.#open--);
  }

  /** @returns the largest number since the last time */
  take(): number {
    const most = this.#most;
    this.#most = this.#open;
    return most;
  }
}
