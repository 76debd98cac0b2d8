import type { Call, Members } from './call-context.ts';
import { UpstreamFailure } from './errors.ts';

interface Member<V> {
  readonly call: Call;
  readonly resolve: (value: V) => void;
  readonly reject: (error: unknown) => void;
  readonly stopListening: () => void;
}

/** Callers that wait for one outcome. Each leaves alone, and the others do not notice. */
export class Party<V> {
  readonly #members = new Set<Member<V>>();
  /** Called when the last has left, so that nobody wants the outcome any more. */
  onEmpty: () => void = () => {};

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get calls(): Call[] {
    return [...this.#members].map(({ call }) => call);
  }

  /** @throws UpstreamFailure `abandoned`, when the caller leaves before the outcome is there */
  join(call: Call): Promise<V> {
    return new Promise<V>((resolve, reject) => {
      const stopListening = call.lifetime.onLeave(() => this.#leave(member));
      const member = { call, resolve, reject, stopListening };
      this.#members.add(member);
    });
  }

  resolve(value: V): void {
    for (const member of this.#disperse()) member.resolve(value);
  }

  reject(error: unknown): void {
    for (const member of this.#disperse()) member.reject(error);
  }

  #leave(member: Member<V>): void {
    this.#members.delete(member);
    member.reject(abandoned());
    if (this.isEmpty) this.onEmpty();
  }

  #disperse(): Member<V>[] {
    const members = [...this.#members];
    this.#members.clear();
    for (const { stopListening } of members) stopListening();
    return members;
  }
}

export const abandoned = () => new UpstreamFailure('abandoned', 'the caller stopped waiting');

/** All members of some parties, as those who wait for one call; whoever joins later may wait longer. */
export function gather<V>(parties: Iterable<Party<V>>): Members {
  const all = [...parties];
  const controller = new AbortController();
  const giveUp = () => {
    if (all.every(({ isEmpty }) => isEmpty)) controller.abort(abandoned());
  };
  for (const party of all) party.onEmpty = giveUp;
  const waiting = () => all.flatMap((party) => party.calls);
  return {
    calls: [...new Set(waiting())],
    waiting,
    get deadline() {
      return Math.max(...waiting().map(({ lifetime }) => lifetime.deadline));
    },
    signal: controller.signal,
  };
}
