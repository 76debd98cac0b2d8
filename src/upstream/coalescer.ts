import type { CallContext, CallWaiters } from './call-context.ts';
import { abandoned, combineWaiters, WaiterGroup } from './waiter-group.ts';

/** Shares a call in flight among all requests with the same key. */
export class Coalescer {
  readonly #inFlight = new Map<string, WaiterGroup<unknown>>();

  /**
   * @param key - everything that affects the response, and the count of writes: no request may join
   *   a call that was sent before a write that this process knows of
   * @throws UpstreamFailure `abandoned` if the requester leaves first; errors of `send`
   */
  join<T>(key: string, call: CallContext, send: (waiters: CallWaiters) => Promise<T>): Promise<T> {
    if (call.deadline.isDone) throw abandoned();
    const existing = this.#inFlight.get(key) as WaiterGroup<T> | undefined;
    if (existing) return existing.join(call);
    const group = new WaiterGroup<T>();
    const result = group.join(call);
    this.#inFlight.set(key, group as WaiterGroup<unknown>);
    void this.#dispatch(key, group, send);
    return result;
  }

  async #dispatch<T>(
    key: string,
    group: WaiterGroup<T>,
    send: (waiters: CallWaiters) => Promise<T>,
  ) {
    const waiters = combineWaiters([group]);
    const remove = () => {
      if (this.#inFlight.get(key) === group) this.#inFlight.delete(key);
    };
    waiters.signal.addEventListener('abort', remove);
    try {
      group.resolve(await send(waiters));
    } catch (error) {
      group.reject(error);
    }
    remove();
  }
}
