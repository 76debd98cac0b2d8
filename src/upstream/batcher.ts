import type { CallContext, CallWaiters } from './call-context.ts';
import { abandoned, combineWaiters, WaiterGroup } from './waiter-group.ts';

/**
 * The maximum length of all keys in one call, percent-encoded, unless a single key exceeds it: servers
 * accept URLs of 8 KiB.
 */
const MAX_KEYS_LENGTH = 6_000;

interface BatcherOptions<V> {
  /** The maximum number of keys in one call of a lane, at least 1. */
  readonly maxKeys: (lane: Lane) => number;
  /** The maximum number of calls in flight now, at least 1. */
  readonly limit: () => number;
  /** The time in milliseconds after which a call no longer counts against the limit. */
  readonly overdueMs: () => number;
  /**
   * The time until which a key can wait for others without delaying its request, on the clock of
   * `performance.now()`.
   */
  readonly sendBy?: (call: CallContext) => number;
  /** Sends one call. Values for keys that are not in the call are ignored. */
  readonly send: (
    keys: readonly string[],
    lane: Lane,
    waiters: CallWaiters,
  ) => Promise<ReadonlyMap<string, V>>;
  /** The error for a key that is missing from the response. */
  readonly missingKeyError: (key: string) => Error;
  /** Decides if a failed batch is sent again in halves; called once for each failed batch. */
  readonly mayHalve: (error: unknown) => boolean;
}

/**
 * The parameters, besides the key, that affect the response. Keys of different lanes never share a
 * call.
 */
export interface Lane {
  /** The maximum number of list items for each key. */
  readonly first?: number | undefined;
  /** A filter of the list items. */
  readonly status?: string | undefined;
  readonly locale?: string | undefined;
  /** The token of the viewer whose keys these are, if the call carries one in exchange for it. */
  readonly viewerToken?: string | undefined;
}

/**
 * Identifies a lane by its parameters; undefined ones do not count. The same parameters in another order
 * make another lane, which costs a call but is never wrong.
 */
export const laneId = (lane: Lane): string => JSON.stringify(lane);

interface Queue<V> {
  readonly lane: Lane;
  readonly waiters: Map<string, WaiterGroup<V>>;
  /** The requests whose keys have come in this turn, and whose slack is not known yet. */
  newcomers: CallContext[];
  /** When the keys must be sent, on the clock of `performance.now()`. */
  sendBy: number;
}

/**
 * Group commit: keys of all requests share calls. While fewer calls than the limit are in flight, a
 * key is sent at the end of the event loop turn, so an idle server adds no latency. At the limit,
 * keys queue and are sent together as soon as a call returns: load makes batches larger instead of
 * queues longer. An overdue call does not block the others. A key joins only queued keys, never a
 * call that is already sent, so a request that starts after a write reads the new state.
 */
export class Batcher<V> {
  readonly #options: BatcherOptions<V>;
  /** The lanes with queued keys, by lane id; the one that has waited longest is first. */
  readonly #queues = new Map<string, Queue<V>>();
  #inFlight = 0;
  #scheduled = false;
  /** Runs when the keys that wait for others must be sent. */
  #timer: NodeJS.Timeout | undefined;
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(options: BatcherOptions<V>) {
    this.#options = options;
  }

  /**
   * @throws UpstreamFailure if the call fails, or `abandoned` if the requester's deadline passes first;
   *   `missingKeyError` for a key without a value
   */
  load(key: string, lane: Lane, call: CallContext): Promise<V> {
    if (call.deadline.isDone) throw abandoned();
    const { waiters, newcomers } = this.#queueOf(lane);
    newcomers.push(call);
    let group = waiters.get(key);
    if (!group) {
      group = new WaiterGroup<V>();
      // Not assigned where it is written: docs/upstreams.md says which functions live long.
      const remove = () => waiters.delete(key);
      group.onAbandoned = remove;
      waiters.set(key, group);
    }
    this.#schedule();
    return group.join(call);
  }

  #queueOf(lane: Lane): Queue<V> {
    const id = laneId(lane);
    let queue = this.#queues.get(id);
    if (!queue) {
      queue = { lane, waiters: new Map(), newcomers: [], sendBy: Number.POSITIVE_INFINITY };
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
    const now = performance.now();
    let wakeAt = Number.POSITIVE_INFINITY;
    for (const [id, queue] of this.#queues) {
      this.#limitWait(queue);
      if (queue.sendBy > now) wakeAt = Math.min(wakeAt, queue.sendBy);
      else if (this.#inFlight < this.#options.limit()) this.#sendFrom(id, queue);
    }
    this.#wakeAt(wakeAt, now);
    if ([...this.#queues.values()].some(({ sendBy }) => sendBy <= now)) this.#schedule();
  }

  /** At the end of a turn all loads of its requests are known, and so how long each can wait. */
  #limitWait(queue: Queue<V>): void {
    const { sendBy } = this.#options;
    for (const call of queue.newcomers) {
      queue.sendBy = Math.min(queue.sendBy, sendBy?.(call) ?? 0);
    }
    queue.newcomers = [];
  }

  /** Sends as many keys of a lane as fit into one call. */
  #sendFrom(id: string, queue: Queue<V>): void {
    const { lane, waiters } = queue;
    const keys = takeKeys(waiters.keys(), this.#options.maxKeys(lane));
    const groups = new Map(keys.map((key) => [key, waiters.get(key) as WaiterGroup<V>]));
    for (const key of keys) waiters.delete(key);
    // Round robin: a lane with remaining keys moves to the end of the map.
    this.#queues.delete(id);
    if (waiters.size > 0) this.#queues.set(id, queue);
    if (keys.length > 0) void this.#dispatch(groups, lane);
  }

  /** @param at - infinite if no keys wait */
  #wakeAt(at: number, now: number): void {
    if (at === this.#wakesAt) return;
    clearTimeout(this.#timer);
    this.#wakesAt = at;
    if (at < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#wake(), at - now);
  }

  #wake(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    this.#flush();
  }

  async #dispatch(groups: ReadonlyMap<string, WaiterGroup<V>>, lane: Lane): Promise<void> {
    let isCounted = true;
    const release = () => {
      if (!isCounted) return;
      isCounted = false;
      this.#inFlight--;
      this.#flush();
    };
    this.#inFlight++;
    const timer = setTimeout(release, this.#options.overdueMs());
    await this.#send(groups, lane);
    clearTimeout(timer);
    release();
  }

  async #send(groups: ReadonlyMap<string, WaiterGroup<V>>, lane: Lane): Promise<void> {
    const { send, missingKeyError, mayHalve } = this.#options;
    try {
      const values = await send([...groups.keys()], lane, combineWaiters(groups.values()));
      for (const [key, group] of groups) {
        if (values.has(key)) group.resolve(values.get(key) as V);
        else group.reject(missingKeyError(key));
      }
    } catch (error) {
      const waiting = [...groups].filter(([, group]) => !group.isEmpty);
      // An abandoned key may be the bad one: it is dropped, and the remaining keys are sent again.
      if (groups.size > 1 && waiting.length > 0 && mayHalve(error)) {
        const middle = waiting.length >> 1;
        const halves = [waiting.slice(0, middle), waiting.slice(middle)];
        await Promise.all(
          halves.filter(({ length }) => length > 0).map((half) => this.#send(new Map(half), lane)),
        );
      } else for (const [, group] of waiting) group.reject(error);
    }
  }
}

const UNRESERVED = /^[\w-]*$/;

/** The first keys that fit into one call, at least one if there is any. */
function takeKeys(keys: Iterable<string>, maxKeys: number): string[] {
  const taken: string[] = [];
  let length = 0;
  for (const key of keys) {
    length += UNRESERVED.test(key) ? key.length : encodeURIComponent(key).length;
    if (taken.length === maxKeys || (length > MAX_KEYS_LENGTH && taken.length > 0)) break;
    taken.push(key);
  }
  return taken;
}
