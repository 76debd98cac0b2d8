import { setImmediate as turn } from 'node:timers/promises';
import { Batcher, type Lane } from '../../../src/upstream/batcher.ts';
import type { CallContext } from '../../../src/upstream/call-context.ts';
import { Coalescer } from '../../../src/upstream/coalescer.ts';
import { UpstreamFailure } from '../../../src/upstream/errors.ts';
import { createCallers } from '../controlled-upstream.ts';
import {
  CALL_KINDS,
  CallError,
  type CallKind,
  createUpstreamModel,
  LANES,
  laneName,
  MissingKeyError,
  type ModelCall,
  type Outcome,
  type Value,
} from './upstream-model.ts';

export const CALLERS = 4;
const MAX_TURNS = 1_000;

export interface Setup {
  readonly limit: number;
  readonly maxKeys: number;
  /** The number of failed batches that may be halved. */
  readonly halvings: number;
  readonly badKeys: readonly string[];
  /** The outcome of the calls that are open at the end. */
  readonly finalOutcome: Outcome;
}

interface Load {
  readonly kind: CallKind;
  readonly key: string;
  readonly lane: string;
  readonly call: CallContext;
  /** The writes of its key that had ended when it began: its value must include these. */
  readonly minVersion: number;
  readonly sharedKey: string;
  isSettled: boolean;
}

/**
 * Callers in front of a batcher and a coalescer. Each result is compared with that of a call for its
 * one key alone.
 */
export function createModel({ limit, maxKeys, halvings, badKeys, finalOutcome }: Setup) {
  const callers = createCallers();
  const requests = Array.from({ length: CALLERS }, () => callers.call());
  const loads: Load[] = [];
  const violations: string[] = [];
  let halved = 0;

  const expect = (holds: boolean, violation: string) => void (holds || violations.push(violation));
  const isWaiting = ({ call, isSettled }: Load) => !isSettled && !call.deadline.isDone;
  const upstream = createUpstreamModel(badKeys, {
    onSend: checkSent,
    onAbort: (call) => expect(!hasWaiter(call), `call for ${call.keys} aborted with a waiter`),
  });
  const { calls, openCalls, send, versionOf, writes } = upstream;

  function hasWaiter({ kind, waiters, sharedKey }: ModelCall): boolean {
    return kind === 'batch'
      ? waiters.requesters.some(({ deadline }) => !deadline.isDone)
      : loads.some((load) => load.sharedKey === sharedKey && isWaiting(load));
  }

  function checkSent({ kind, keys, lane, waiters }: ModelCall) {
    expect(waiters.requesters.length > 0, `call for ${keys} without a caller`);
    const areWaiting = waiters.requesters.every(({ deadline }) => !deadline.isDone);
    expect(areWaiting, `call for ${keys} on behalf of a caller that has left`);
    const deadlines = waiters.requesters.map(({ deadline }) => deadline.expiresAt);
    expect(waiters.expiresAt === Math.max(...deadlines), 'not the latest deadline');
    expect(new Set(keys).size === keys.length, `${keys} holds a key twice`);
    if (kind === 'read') return;
    expect(keys.length <= maxKeys, `${keys.length} keys of at most ${maxKeys}`);
    for (const key of keys) {
      const own = loads.filter((load) => load.key === key && load.lane === lane);
      expect(own.some(isWaiting), `${key} of lane ${lane} sent without a waiter`);
    }
    // Each halving replaces one call by two.
    const inFlight = openCalls().filter((call) => call.kind === 'batch').length;
    expect(inFlight <= limit + halved, `${inFlight} calls in flight`);
  }

  const batcher = new Batcher<Value>({
    overdueMs: () => 3_600_000,
    maxKeys: () => maxKeys,
    limit: () => limit,
    send: (keys, lane, waiters) => send('batch', keys, lane, waiters),
    missingKeyError: (key) => new MissingKeyError(key),
    mayHalve(error) {
      if (!(error instanceof CallError) || !error.isMalformed) return false;
      if (halved >= halvings) return false;
      halved++;
      return true;
    },
  });
  const coalescer = new Coalescer();

  function start({ kind, key, call, sharedKey }: Load, lane: Lane): Promise<Value> {
    if (kind === 'batch') return batcher.load(key, lane, call);
    return coalescer.join(sharedKey, call, async (waiters) => {
      const value = (await send('read', [key], lane, waiters, sharedKey)).get(key);
      if (!value) throw new MissingKeyError(key);
      return value;
    });
  }

  function isValueOf({ key, lane, minVersion }: Load, value: Value): boolean {
    const isRecent = value.version >= minVersion && value.version <= versionOf(key);
    return value.key === key && value.lane === lane && isRecent;
  }

  /** True if a call of the load itself caused the error. */
  function isErrorOf({ kind, key, lane, call, sharedKey }: Load, error: unknown): boolean {
    const isOwn = (sent: ModelCall) =>
      kind === 'batch'
        ? sent.lane === lane && sent.keys.includes(key) && sent.waiters.requesters.includes(call)
        : sent.sharedKey === sharedKey;
    if (error instanceof UpstreamFailure) return call.deadline.isDone;
    if (error instanceof MissingKeyError) {
      return calls.some((sent) => isOwn(sent) && sent.omittedKey === key);
    }
    if (!(error instanceof CallError) || !isOwn(error.call)) return false;
    const wouldFailAlone = error.call.keys.length === 1 || badKeys.includes(key);
    return wouldFailAlone || !error.isMalformed || halved >= halvings;
  }

  function check() {
    for (const call of openCalls()) {
      expect(hasWaiter(call), `call for ${call.keys} continues without a waiter`);
    }
    for (const kind of CALL_KINDS) {
      const max = loads.filter((load) => load.kind === kind).length;
      const sent = calls.filter((call) => call.kind === kind).length;
      expect(sent <= max + (kind === 'batch' ? halved : 0), `${sent} calls (${kind}) for ${max}`);
    }
    if (violations.length > 0) throw new Error(violations.join('\n'));
  }

  return {
    load(caller: number, kind: CallKind, key: string, laneIndex: number) {
      const lane = LANES[laneIndex] as Lane;
      const call = requests[caller] as CallContext;
      const name = laneName(lane);
      const sharedKey = kind === 'read' ? `${writes.seen} ${name} ${key}` : '';
      const minVersion = versionOf(key);
      const load = { kind, key, lane: name, call, minVersion, sharedKey, isSettled: false };
      loads.push(load);
      const settle = (holds: boolean, result: string) => {
        load.isSettled = true;
        expect(holds, `${kind} of ${key}, lane ${name}, since ${minVersion}: ${result}`);
      };
      start(load, lane).then(
        (value) => settle(isValueOf(load, value), `resolved with ${JSON.stringify(value)}`),
        (error: Error) => settle(isErrorOf(load, error), `rejected without cause with "${error}"`),
      );
    },

    /** Ends the request of a caller, which starts another. */
    leave(caller: number) {
      requests[caller]?.deadline.release();
      requests[caller] = callers.call();
    },

    beginWrite: upstream.beginWrite,
    endWrite: upstream.endWrite,

    settle(index: number, outcome: Outcome) {
      const open = openCalls();
      open[index % open.length]?.settle(outcome);
    },

    check,

    /** Settles all calls, and checks that every load is settled. */
    async drain() {
      for (let turns = 0; turns < MAX_TURNS && !loads.every((load) => load.isSettled); turns++) {
        await turn();
        for (const call of openCalls()) call.settle(finalOutcome);
      }
      await turn();
      expect(
        loads.every((load) => load.isSettled),
        'a load is not settled',
      );
      check();
    },

    [Symbol.dispose]: callers[Symbol.dispose],
  };
}

export type Model = ReturnType<typeof createModel>;
