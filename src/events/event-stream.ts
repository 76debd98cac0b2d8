import type { ServiceEvent } from '../service-event.ts';

/**
 * The reason for the end of a stream. `client`: it has left or unsubscribed. `credential`: its token,
 * session or key is not valid anymore. `slow`: it has not read its events. `unavailable`: whether its
 * credential is valid can't be verified. `restart`: the process ends.
 */
export type EndReason = 'client' | 'credential' | 'slow' | 'unavailable' | 'restart';

/** Waiting events of one stream; the client of a stream with more is too slow. */
const MAX_WAITING = 100;

/**
 * The events of one subscription, in the order of their arrival. Events about the same object are merged
 * while they wait, because only its present state is loaded.
 */
export class EventStream implements AsyncIterableIterator<ServiceEvent, undefined, undefined> {
  readonly #waiting = new Map<string, ServiceEvent>();
  readonly #listeners: ((reason: EndReason) => void)[] = [];
  #reader: ((result: IteratorResult<ServiceEvent, undefined>) => void) | undefined;
  #endReason: EndReason | undefined;
  #dropped = 0;

  /** Calls the listener once, at the end. */
  onEnd(listener: (reason: EndReason) => void): void {
    this.#listeners.push(listener);
  }

  /** Undefined while the stream is open. */
  get endReason(): EndReason | undefined {
    return this.#endReason;
  }

  /** The number of events that the client did not get because it was too slow. */
  get dropped(): number {
    return this.#dropped;
  }

  push(event: ServiceEvent): void {
    if (this.#endReason) return;
    if (this.#reader) this.#settle({ value: event, done: false });
    else this.#waiting.set(`${event.type} ${event.object}`, event);
    if (this.#waiting.size > MAX_WAITING) this.end('slow');
  }

  /** Ends the stream; waiting events are dropped. The first reason stays. */
  end(reason: EndReason): void {
    if (this.#endReason) return;
    this.#endReason = reason;
    if (reason === 'slow') this.#dropped = this.#waiting.size;
    this.#waiting.clear();
    for (const listener of this.#listeners) listener(reason);
    this.#settle({ value: undefined, done: true });
  }

  #settle(result: IteratorResult<ServiceEvent, undefined>): void {
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.(result);
  }

  /** Called again only after the last result. */
  next(): Promise<IteratorResult<ServiceEvent, undefined>> {
    if (this.#endReason) return Promise.resolve({ value: undefined, done: true });
    const [first] = this.#waiting;
    if (!first) {
      return new Promise((resolve) => {
        this.#reader = resolve;
      });
    }
    const [key, value] = first;
    this.#waiting.delete(key);
    return Promise.resolve({ value, done: false });
  }

  async return(): Promise<IteratorResult<ServiceEvent, undefined>> {
    this.end('client');
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
