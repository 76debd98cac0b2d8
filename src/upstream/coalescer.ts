import type { Call, Members } from './call-context.ts';
import { abandoned, gather, Party } from './waiter-group.ts';

/** Shares a call that is under way among all who ask for the same. */
export class Coalescer {
  readonly #underWay = new Map<string, Party<unknown>>();

  /**
   * @param key - all that may change the answer, and what must have been seen before: nobody may
   *   join a call that was sent before a write that this process knows of
   * @throws UpstreamFailure `abandoned` if the caller leaves first; what `send` throws
   */
  join<T>(key: string, call: Call, send: (members: Members) => Promise<T>): Promise<T> {
    if (call.lifetime.isOver) throw abandoned();
    const known = this.#underWay.get(key) as Party<T> | undefined;
    if (known) return known.join(call);
    const party = new Party<T>();
    const joined = party.join(call);
    this.#underWay.set(key, party as Party<unknown>);
    void this.#fly(key, party, send);
    return joined;
  }

  async #fly<T>(key: string, party: Party<T>, send: (members: Members) => Promise<T>) {
    const members = gather([party]);
    const end = () => {
      if (this.#underWay.get(key) === party) this.#underWay.delete(key);
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
