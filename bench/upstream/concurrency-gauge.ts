/** Tracks how many calls are open at the same time, over all services. */
export class ConcurrencyGauge {
  #open = 0;
  #max = 0;

  start(): void {
    this.#open++;
    this.#max = Math.max(this.#max, this.#open);
  }

  /**
   * Ends a call whose response is being sent. Calls read in the same turn of the event loop were sent
   * before the client could have seen that response, so this call counts as open until the turn ends.
   */
  finish(): void {
    setImmediate(() => this.#open--);
  }

  /** @returns the maximum since the previous reset */
  resetMax(): number {
    const max = this.#max;
    this.#max = this.#open;
    return max;
  }
}
