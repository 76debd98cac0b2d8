import type { CallContext, CallWaiters } from './call-context.ts';
import { abandoned, combineWaiters, WaiterGroup } from './waiter-group.ts';

/** Shares a call that is under way among all who ask for the same. */
export class Coalescer {
  readonly #inFlight = new Map<string, WaiterGroup<unknown>>();

  /**
   * @param key - all that may change the answer, and what must have been seen before: nobody may
   *   join a call that was sent before a write that this process knows of
   * @throws UpstreamFailure `abandoned` if the caller leaves first; what `send` throws
   */
  join<T>(key: string, call: CallContext, send: (members: CallWaiters) => Promise<T>): Promise<T> {
    if (call.deadline.isDone) throw abandoned();
    const known = this.#inFlight.get(key) as WaiterGroup<T> | undefined;
    if (known) return known.join(call);
    const party = new WaiterGroup<T>();
    const joined = party.join(call);
    this.#inFlight.set(key, party as WaiterGroup<unknown>);
    void this.#dispatch(key, party, send);
    return joined;
  }

  async #dispatch<T>(
    key: string,
    party: WaiterGroup<T>,
    send: (members: CallWaiters) => Promise<T>,
  ) {
    const members = combineWaiters([party]);
    const end = () => {
      if (this.#inFlight.get(key) === party) this.#inFlight.delete(key);
    };
    members.signal.addEventListener('abort', end);
    try {
      party.resolve(await send(members));
    } catch (error) {
      party.reject(error);
    }
    end();
  }
}
