import { setImmediate as turn } from 'node:timers/promises';
import { RequestDeadline } from '../../src/deadline.ts';
import { Batcher, type Lane } from '../../src/upstream/batcher.ts';
import type { CallContext, CallWaiters } from '../../src/upstream/call-context.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';

const AMPLE_MS = 600_000;
const NO_LANE: Lane = {};

/** Requests for tests, none of which ends by itself. */
export function createCallers() {
  const deadlines: RequestDeadline[] = [];
  return {
    call(budgetMs = AMPLE_MS, locale?: string): CallContext {
      const deadline = new RequestDeadline(budgetMs);
      const requestId = `r${deadlines.push(deadline)}`;
      return { requestId, viewer: { role: 'anonymous' }, deadline, locale };
    },
    [Symbol.dispose]() {
      for (const deadline of deadlines) deadline.release();
    },
  };
}

/** An upstream that answers when it is told to, and gives up what is aborted. */
export function createTold<V>() {
  const sent: Told<V>[] = [];
  return {
    /** Every call there was, in the order of sending. */
    sent,
    send: (keys: readonly string[], lane: Lane, members: CallWaiters) =>
      new Promise<V>((resolve, reject) => {
        members.signal.addEventListener('abort', () => reject(members.signal.reason as Error));
        sent.push({ keys, lane, members, answer: resolve, fail: reject });
      }),
  };
}

export interface Told<V> {
  readonly keys: readonly string[];
  readonly lane: Lane;
  readonly members: CallWaiters;
  readonly answer: (value: V) => void;
  readonly fail: (error: Error) => void;
}

/** A batcher in front of an upstream that answers when told. */
export function openDesk({ limit = 1, maxKeys = 100, halvings = 0 } = {}) {
  const { sent, send } = createTold<ReadonlyMap<string, string>>();
  const callers = createCallers();
  const state = { limit, halvings, asked: 0 };
  const batcher = new Batcher<string>({
    overdueMs: () => 3_600_000,
    maxKeys: () => maxKeys,
    limit: () => state.limit,
    send,
    missingKeyError: (key) => new Error(`no ${key}`),
    mayHalve: () => {
      state.asked++;
      return state.halvings-- > 0;
    },
  });

  return {
    state,
    sent,
    call: callers.call,
    load: (key: string, lane = NO_LANE, call = callers.call()) => batcher.load(key, lane, call),
    /** The keys of every call so far. */
    keys: () => sent.map(({ keys }) => keys.join('')),
    /** Answers the newest call, but for some keys. */
    async answer({ at = -1, but = '' } = {}) {
      const told = toldAt(sent, at);
      const known = told.keys.filter((key) => !but.includes(key));
      told.answer(new Map(known.map((key) => [key, `${key}!`])));
      await turn();
    },
    async fail(error: Error, { at = -1 } = {}) {
      toldAt(sent, at).fail(error);
      await turn();
    },
    [Symbol.dispose]: callers[Symbol.dispose],
  };
}

export function toldAt<V>(sent: readonly Told<V>[], at: number): Told<V> {
  const told = sent.at(at);
  if (!told) throw new Error('nothing was sent');
  return told;
}

export const ABANDONED = { name: 'UpstreamFailure', kind: 'abandoned' };

export const malformed = () => new UpstreamFailure('malformed', 'a bad key');

/** Whether a promise has an outcome, seen from the end of the turn. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await turn();
  return settled;
}
