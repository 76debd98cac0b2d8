import type { CallContext, CallWaiters } from './call-context.ts';
import { UpstreamFailure } from './errors.ts';

interface Waiter<V> {
  readonly context: CallContext;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
  readonly stopListening: () => void;
}

/** Callers that wait for one outcome. Each leaves alone, and the others do not notice. */
export class WaiterGroup<V> {
  readonly #waiters = new Set<Waiter<V>>();
  /** Called when the last has left, so that nobody wants the outcome any more. */
  onAbandoned: () => void = () => {};

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  get contexts(): CallContext[] {
    return [...this.#waiters].map(({ context: call }) => call);
  }

  /** @throws UpstreamFailure `abandoned`, when the caller leaves before the outcome is there */
  join(call: CallContext): Promise<V> {
    return new Promise<V>((resolve, reject) => {
      const stopListening = call.deadline.onDone(() => this.#abandon(member));
      const member = { context: call, resolve, reject, stopListening };
      this.#waiters.add(member);
    });
  }

  resolve(value: V): void {
    for (const member of this.#takeAll()) member.resolve(value);
  }

  reject(error: unknown): void {
    for (const member of this.#takeAll()) member.reject(error);
  }

  #abandon(member: Waiter<V>): void {
    this.#waiters.delete(member);
    member.reject(abandoned());
    if (this.isEmpty) this.onAbandoned();
  }

  #takeAll(): Waiter<V>[] {
    const members = [...this.#waiters];
    this.#waiters.clear();
    for (const { stopListening } of members) stopListening();
    return members;
  }
}

export const abandoned = () => new UpstreamFailure('abandoned', 'the caller stopped waiting');

/** All members of some parties, as those who wait for one call; whoever joins later may wait longer. */
export function combineWaiters<V>(parties: Iterable<WaiterGroup<V>>): CallWaiters {
  const all = [...parties];
  const controller = new AbortController();
  const giveUp = () => {
    if (all.every(({ isEmpty }) => isEmpty)) controller.abort(abandoned());
  };
  for (const party of all) party.onAbandoned = giveUp;
  const waiting = () => all.flatMap((party) => party.contexts);
  return {
    requesters: [...new Set(waiting())],
    current: waiting,
    get expiresAt() {
      return Math.max(...waiting().map(({ deadline }) => deadline.expiresAt));
    },
    signal: controller.signal,
  };
}
