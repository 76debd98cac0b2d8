import type { CallContext, CallWaiters } from './call-context.ts';
import { abandoned, combineWaiters, WaiterGroup } from './waiter-group.ts';

interface BatcherOptions<V> {
  /** The most keys of one call of a lane, at least 1. */
  readonly maxKeys: (lane: Lane) => number;
  /** How many calls may be under way now, at least 1. */
  readonly limit: () => number;
  /** After how many milliseconds a call does not count against the limit any more. */
  readonly overdueMs: () => number;
  /** Sends one call. What it answers for a key that it was not asked for is not looked at. */
  readonly send: (
    keys: readonly string[],
    lane: Lane,
    members: CallWaiters,
  ) => Promise<ReadonlyMap<string, V>>;
  /** The error for a key that an answer leaves out. */
  readonly missingKeyError: (key: string) => Error;
  /** Whether a failed batch is to be sent again in halves; asked once for each such batch. */
  readonly mayHalve: (error: unknown) => boolean;
}

/** All but the key that may change an answer. Keys of different lanes never share a call. */
export interface Lane {
  /** How many items of a list are wanted, and which. */
  readonly first?: number | undefined;
  readonly status?: string | undefined;
  readonly locale?: string | undefined;
}

interface Queue<V> {
  readonly lane: Lane;
  readonly waiters: Map<string, WaiterGroup<V>>;
}

/**
 * Group commit: keys of all requests share calls. While fewer calls than the limit are under way, a
 * key leaves at the end of the event loop's turn, so that an idle server adds no wait. At the limit
 * keys gather, and leave together as soon as a call returns: load makes batches larger instead of
 * queues longer. A call that is overdue does not hold up the others. A key joins only those still
 * queued, never a call that was sent, so that whoever asks after a write sees it.
 */
export class Batcher<V> {
  readonly #options: BatcherOptions<V>;
  /** By lane; those with waiting keys only, the longest waiting first. */
  readonly #queues = new Map<string, Queue<V>>();
  #inFlight = 0;
  #scheduled = false;

  constructor(options: BatcherOptions<V>) {
    this.#options = options;
  }

  /**
   * @throws UpstreamFailure if the call fails, or `abandoned` if the caller leaves first; what
   *   `absent` gives for a key without an answer
   */
  load(key: string, lane: Lane, call: CallContext): Promise<V> {
    if (call.deadline.isDone) throw abandoned();
    const { waiters: waiting } = this.#queueOf(lane);
    let party = waiting.get(key);
    if (!party) {
      party = new WaiterGroup<V>();
      party.onAbandoned = () => waiting.delete(key);
      waiting.set(key, party);
    }
    this.#schedule();
    return party.join(call);
  }

  #queueOf(lane: Lane): Queue<V> {
    const id = `${lane.first ?? ''} ${lane.status ?? ''} ${lane.locale ?? ''}`;
    let queue = this.#queues.get(id);
    if (!queue) {
      queue = { lane, waiters: new Map() };
      this.#queues.set(id, queue);
    }
    return queue;
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= this.#options.limit()) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (const [id, { lane, waiters: waiting }] of this.#queues) {
      if (this.#inFlight >= this.#options.limit()) return;
      const keys = [...waiting.keys()].slice(0, this.#options.maxKeys(lane));
      const parties = new Map(keys.map((key) => [key, waiting.get(key) as WaiterGroup<V>]));
      for (const key of keys) waiting.delete(key);
      // Out of the map and, if keys are left, in again at its end: lanes take turns.
      this.#queues.delete(id);
      if (waiting.size > 0) this.#queues.set(id, { lane, waiters: waiting });
      if (keys.length > 0) void this.#dispatch(parties, lane);
    }
    if (this.#queues.size > 0) this.#schedule();
  }

  async #dispatch(parties: ReadonlyMap<string, WaiterGroup<V>>, lane: Lane): Promise<void> {
    let isCounted = true;
    const discount = () => {
      if (!isCounted) return;
      isCounted = false;
      this.#inFlight--;
      this.#flush();
    };
    this.#inFlight++;
    const timer = setTimeout(discount, this.#options.overdueMs());
    await this.#send(parties, lane);
    clearTimeout(timer);
    discount();
  }

  async #send(parties: ReadonlyMap<string, WaiterGroup<V>>, lane: Lane): Promise<void> {
    const { send, missingKeyError: absent, mayHalve } = this.#options;
    try {
      const answers = await send([...parties.keys()], lane, combineWaiters(parties.values()));
      for (const [key, party] of parties) {
        if (answers.has(key)) party.resolve(answers.get(key) as V);
        else party.reject(absent(key));
      }
    } catch (error) {
      const wanted = [...parties].filter(([, party]) => !party.isEmpty);
      // The bad key may be one that nobody waits for any more: then who remains is sent again alone.
      if (parties.size > 1 && wanted.length > 0 && mayHalve(error)) {
        const middle = wanted.length >> 1;
        const halves = [wanted.slice(0, middle), wanted.slice(middle)];
        await Promise.all(
          halves.filter(({ length }) => length > 0).map((half) => this.#send(new Map(half), lane)),
        );
      } else for (const [, party] of wanted) party.reject(error);
    }
  }
}
