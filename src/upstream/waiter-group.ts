import type { RequestDeadline } from '../deadline.ts';
import type { CallContext, CallWaiters } from './call-context.ts';
import { UpstreamFailure } from './errors.ts';

interface Waiter<V> {
  readonly context: CallContext;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
  readonly stopListening: () => void;
}

/**
 * The requests waiting for one upstream result. A request that times out leaves without affecting
 * the others.
 */
export class WaiterGroup<V> {
  readonly #waiters = new Set<Waiter<V>>();
  /** Called when the last waiter leaves, so that the call can be cancelled. */
  onAbandoned: () => void = () => {};

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  addContextsTo(contexts: CallContext[]): void {
    for (const { context } of this.#waiters) contexts.push(context);
  }

  /** @throws UpstreamFailure `abandoned` when the request ends before the result is available */
  join(call: CallContext): Promise<V> {
    return new Promise<V>((resolve, reject) => {
      const stopListening = call.deadline.onDone(() => this.#abandon(waiter));
      const waiter = { context: call, resolve, reject, stopListening };
      this.#waiters.add(waiter);
    });
  }

  resolve(value: V): void {
    for (const waiter of this.#takeAll()) waiter.resolve(value);
  }

  reject(error: unknown): void {
    for (const waiter of this.#takeAll()) waiter.reject(error);
  }

  #abandon(waiter: Waiter<V>): void {
    this.#waiters.delete(waiter);
    waiter.reject(abandoned());
    if (this.isEmpty) this.onAbandoned();
  }

  #takeAll(): Waiter<V>[] {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { stopListening } of waiters) stopListening();
    return waiters;
  }
}

export const abandoned = () => new UpstreamFailure('abandoned', 'the request no longer waits');

/** A request may wait for several keys, with copies of its context that share its deadline. */
function uniqueRequests(contexts: readonly CallContext[]): CallContext[] {
  const byDeadline = new Map<RequestDeadline, CallContext>();
  for (const context of contexts) byDeadline.set(context.deadline, context);
  return [...byDeadline.values()];
}

/** The waiters of one call that settles several groups. A later waiter may extend the deadline. */
class CombinedWaiters<V> implements CallWaiters {
  readonly #groups: readonly WaiterGroup<V>[];
  readonly #controller = new AbortController();
  readonly requesters: readonly CallContext[];

  constructor(groups: readonly WaiterGroup<V>[]) {
    this.#groups = groups;
    const abortIfAbandoned = () => {
      if (groups.every(({ isEmpty }) => isEmpty)) this.#controller.abort(abandoned());
    };
    for (const group of groups) group.onAbandoned = abortIfAbandoned;
    this.requesters = uniqueRequests(this.current());
  }

  current(): CallContext[] {
    const contexts: CallContext[] = [];
    for (const group of this.#groups) group.addContextsTo(contexts);
    return contexts;
  }

  get expiresAt(): number {
    let latest = Number.NEGATIVE_INFINITY;
    for (const { deadline } of this.current()) latest = Math.max(latest, deadline.expiresAt);
    return latest;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
}

/** Combines groups into the waiters of one call. */
export const combineWaiters = <V>(groups: Iterable<WaiterGroup<V>>): CallWaiters =>
  new CombinedWaiters([...groups]);
