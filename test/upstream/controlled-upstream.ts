import { setImmediate as turn } from 'node:timers/promises';
import { RequestDeadline } from '../../src/deadline.ts';
import { Batcher, type Lane } from '../../src/upstream/batcher.ts';
import type { CallContext, CallWaiters } from '../../src/upstream/call-context.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';

/** Longer than any test takes. */
const DEFAULT_BUDGET_MS = 600_000;
const DEFAULT_LANE: Lane = {};

/** Creates requests that call upstreams; disposal ends all of them. */
export function createCallers() {
  const deadlines: RequestDeadline[] = [];
  return {
    call(budgetMs = DEFAULT_BUDGET_MS, locale?: string): CallContext {
      const deadline = new RequestDeadline(budgetMs);
      const requestId = `r${deadlines.push(deadline)}`;
      return { requestId, viewer: { role: 'anonymous' }, deadline, locale };
    },
    [Symbol.dispose]() {
      for (const deadline of deadlines) deadline.release();
    },
  };
}

/** A sent call, which the test resolves or rejects. */
export interface SentCall<V> {
  readonly keys: readonly string[];
  readonly lane: Lane;
  readonly waiters: CallWaiters;
  readonly resolve: (value: V) => void;
  readonly reject: (error: Error) => void;
}

/** Records calls, each of which waits until the test settles it or its waiters abort it. */
export function createControlledCalls<V>() {
  const sent: SentCall<V>[] = [];
  return {
    /** All calls, in the order of sending. */
    sent,
    send: (keys: readonly string[], lane: Lane, waiters: CallWaiters) =>
      new Promise<V>((resolve, reject) => {
        waiters.signal.addEventListener('abort', () => reject(waiters.signal.reason as Error));
        sent.push({ keys, lane, waiters, resolve, reject });
      }),
  };
}

/** @param index - negative from the end, as in Array.at */
export function callAt<V>(sent: readonly SentCall<V>[], index: number): SentCall<V> {
  const call = sent.at(index);
  if (!call) throw new Error('no such call was sent');
  return call;
}

/** Creates a batcher whose calls the test settles: each key has the value `<key>!`. */
export function createBatcherHarness({ limit = 1, maxKeys = 100, halvings = 0 } = {}) {
  const { sent, send } = createControlledCalls<ReadonlyMap<string, string>>();
  const callers = createCallers();
  const state = { limit, halvings, halvingRequests: 0, sendBy: 0 };
  const batcher = new Batcher<string>({
    overdueMs: () => 3_600_000,
    maxKeys: () => maxKeys,
    limit: () => state.limit,
    sendBy: () => state.sendBy,
    send,
    missingKeyError: (key) => new Error(`no ${key}`),
    mayHalve: () => {
      state.halvingRequests++;
      return state.halvings-- > 0;
    },
  });

  return {
    state,
    sent,
    call: callers.call,
    load: (key: string, lane = DEFAULT_LANE, call = callers.call()) =>
      batcher.load(key, lane, call),
    /** The keys of each call that was sent. */
    keys: () => sent.map(({ keys }) => keys.join('')),
    /** Resolves a call, the newest by default, with the values of all keys but the omitted ones. */
    async resolve({ at = -1, omitted = '' } = {}) {
      const call = callAt(sent, at);
      const keys = call.keys.filter((key) => !omitted.includes(key));
      call.resolve(new Map(keys.map((key) => [key, `${key}!`])));
      await turn();
    },
    /** Rejects a call, the newest by default. */
    async reject(error: Error, { at = -1 } = {}) {
      callAt(sent, at).reject(error);
      await turn();
    },
    [Symbol.dispose]: callers[Symbol.dispose],
  };
}

export const ABANDONED = { name: 'UpstreamFailure', kind: 'abandoned' };

export const malformedError = () => new UpstreamFailure('malformed', 'a bad key');

/** True if a promise is settled at the end of the event loop turn. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await turn();
  return settled;
}
