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

  get contexts(): CallContext[] {
    return [...this.#waiters].map(({ context }) => context);
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
const uniqueRequests = (contexts: readonly CallContext[]): CallContext[] => [
  ...new Map(contexts.map((context) => [context.deadline, context])).values(),
];

/** Combines groups into the waiters of one call. A later waiter may extend the deadline. */
export function combineWaiters<V>(groups: Iterable<WaiterGroup<V>>): CallWaiters {
  const all = [...groups];
  const controller = new AbortController();
  const abortIfAbandoned = () => {
    if (all.every(({ isEmpty }) => isEmpty)) controller.abort(abandoned());
  };
  for (const group of all) group.onAbandoned = abortIfAbandoned;
  const current = () => all.flatMap((group) => group.contexts);
  return {
    requesters: uniqueRequests(current()),
    current,
    get expiresAt() {
      return Math.max(...current().map(({ deadline }) => deadline.expiresAt));
    },
    signal: controller.signal,
  };
}
