/** The replies of one other process to the numbered requests that it was sent. */
export class Replies<Reply> {
  readonly #waiting = new Map<number, (reply: Reply | undefined) => void>();
  #lastId = 0;

  /**
   * Sends a request with a new number.
   * @returns the reply; undefined if it does not arrive in time
   */
  async request(timeoutMs: number, send: (id: number) => void): Promise<Reply | undefined> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    // If this process was busy, the reply may have arrived but not been read.
    const timer = setTimeout(() => setImmediate(() => resolve(undefined)), timeoutMs);
    this.#waiting.set(id, resolve);
    send(id);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Hands over a reply; one that nobody waits for has no effect. */
  receive(id: number, reply: Reply): void {
    this.#waiting.get(id)?.(reply);
  }

  /** Answers all requests that wait, because the other process has ended. */
  receiveAll(reply: Reply): void {
    for (const resolve of this.#waiting.values()) resolve(reply);
  }
}
