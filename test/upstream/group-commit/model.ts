import { setImmediate as turn } from 'node:timers/promises';
import { Batcher, type Lane } from '../../../src/upstream/batcher.ts';
import type { CallContext } from '../../../src/upstream/call-context.ts';
import { Coalescer } from '../../../src/upstream/coalescer.ts';
import { UpstreamFailure } from '../../../src/upstream/errors.ts';
import { createCallers } from '../controlled-upstream.ts';
import {
  Absent,
  createUpstreamModel,
  type Fate,
  LANES,
  nameOf,
  type Sent,
  Struck,
  type Value,
  WAYS,
  type Way,
} from './upstream-model.ts';

export const REQUESTS = 4;
const MOST_TURNS = 1_000;

export interface Setup {
  readonly limit: number;
  readonly maxKeys: number;
  /** How many failed batches may be halved. */
  readonly halvings: number;
  readonly poison: readonly string[];
  /** What becomes of the calls that were told nothing until the end. */
  readonly end: Fate;
}

interface Reader {
  readonly way: Way;
  readonly key: string;
  readonly lane: string;
  readonly call: CallContext;
  /** The writes of its key that had ended when it asked: these it must see. */
  readonly floor: number;
  readonly shared: string;
  isSettled: boolean;
}

/**
 * Callers in front of a batcher and a coalescer. What they are given is compared with what a call
 * for that one key alone would have brought.
 */
export function openModel({ limit, maxKeys, halvings, poison, end }: Setup) {
  const callers = createCallers();
  const requests = Array.from({ length: REQUESTS }, () => callers.call());
  const readers: Reader[] = [];
  const wrong: string[] = [];
  let halved = 0;

  const demand = (holds: boolean, what: string) => void (holds || wrong.push(what));
  const isWaiting = ({ call, isSettled }: Reader) => !isSettled && !call.deadline.isDone;
  const upstream = createUpstreamModel(poison, {
    onSend: checkSent,
    onAbort: (call) => demand(!isWanted(call), `call for ${call.keys} ended though one waits`),
  });
  const { sent, open, post, versionOf, writes } = upstream;

  /** Whether someone waits for a call. */
  function isWanted({ way, members, shared }: Sent): boolean {
    return way === 'batch'
      ? members.requesters.some(({ deadline }) => !deadline.isDone)
      : readers.some((reader) => reader.shared === shared && isWaiting(reader));
  }

  function checkSent({ way, keys, lane, members }: Sent) {
    demand(members.requesters.length > 0, `call for ${keys} without a caller`);
    const isAlive = members.requesters.every(({ deadline }) => !deadline.isDone);
    demand(isAlive, `call for ${keys} on behalf of one who has left`);
    const deadlines = members.requesters.map(({ deadline }) => deadline.expiresAt);
    demand(members.expiresAt === Math.max(...deadlines), 'not the longest deadline');
    demand(new Set(keys).size === keys.length, `${keys} holds a key twice`);
    if (way === 'read') return;
    demand(keys.length <= maxKeys, `${keys.length} keys of at most ${maxKeys}`);
    for (const key of keys) {
      const wanting = readers.filter((reader) => reader.key === key && reader.lane === lane);
      demand(wanting.some(isWaiting), `${key} of lane ${lane} sent for nobody`);
    }
    // Each halving puts two calls into the place of one.
    const underWay = open().filter((call) => call.way === 'batch').length;
    demand(underWay <= limit + halved, `${underWay} calls under way`);
  }

  const batcher = new Batcher<Value>({
    overdueMs: () => 3_600_000,
    maxKeys: () => maxKeys,
    limit: () => limit,
    send: (keys, lane, members) => post('batch', keys, lane, members),
    missingKeyError: (key) => new Absent(key),
    mayHalve(error) {
      if (!(error instanceof Struck) || !error.isSpoilt) return false;
      if (halved >= halvings) return false;
      halved++;
      return true;
    },
  });
  const coalescer = new Coalescer();

  function load({ way, key, call, shared }: Reader, lane: Lane): Promise<Value> {
    if (way === 'batch') return batcher.load(key, lane, call);
    return coalescer.join(shared, call, async (members) => {
      const value = (await post('read', [key], lane, members, shared)).get(key);
      if (!value) throw new Absent(key);
      return value;
    });
  }

  function isOwn({ key, lane, floor }: Reader, value: Value): boolean {
    const isInTime = value.version >= floor && value.version <= versionOf(key);
    return value.key === key && value.lane === lane && isInTime;
  }

  /** Whether a caller has to put up with a failure: its own call was struck. */
  function isDue({ way, key, lane, call, shared }: Reader, error: unknown): boolean {
    const isMine = (one: Sent) =>
      way === 'batch'
        ? one.lane === lane && one.keys.includes(key) && one.members.requesters.includes(call)
        : one.shared === shared;
    if (error instanceof UpstreamFailure) return call.deadline.isDone;
    if (error instanceof Absent) return sent.some((one) => isMine(one) && one.omitted === key);
    if (!(error instanceof Struck) || !isMine(error.sent)) return false;
    const wouldFailAlone = error.sent.keys.length === 1 || poison.includes(key);
    return wouldFailAlone || !error.isSpoilt || halved >= halvings;
  }

  function check() {
    for (const call of open()) demand(isWanted(call), `call for ${call.keys} goes on for nobody`);
    for (const way of WAYS) {
      const most = readers.filter((reader) => reader.way === way).length;
      const calls = sent.filter((call) => call.way === way).length;
      demand(
        calls <= most + (way === 'batch' ? halved : 0),
        `${calls} calls by ${way} for ${most}`,
      );
    }
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  }

  return {
    ask(request: number, way: Way, key: string, laneAt: number) {
      const lane = LANES[laneAt] as Lane;
      const call = requests[request] as CallContext;
      const shared = way === 'read' ? `${writes.seen} ${nameOf(lane)} ${key}` : '';
      const floor = versionOf(key);
      const reader = { way, key, lane: nameOf(lane), call, floor, shared, isSettled: false };
      readers.push(reader);
      const settle = (holds: boolean, outcome: string) => {
        reader.isSettled = true;
        demand(holds, `${way} of ${key}, lane ${reader.lane}, since ${floor}: ${outcome}`);
      };
      load(reader, lane).then(
        (value) => settle(isOwn(reader, value), `given ${JSON.stringify(value)}`),
        (error: Error) => settle(isDue(reader, error), `failed without cause with "${error}"`),
      );
    },

    /** A client leaves, and a new one takes its place. */
    leave(request: number) {
      requests[request]?.deadline.release();
      requests[request] = callers.call();
    },

    beginWrite: upstream.beginWrite,
    endWrite: upstream.endWrite,

    tell(at: number, fate: Fate) {
      const calls = open();
      calls[at % calls.length]?.tell(fate);
    },

    check,

    /** Lets all calls end. */
    async drain() {
      for (let turns = 0; turns < MOST_TURNS && !readers.every((one) => one.isSettled); turns++) {
        await turn();
        for (const call of open()) call.tell(end);
      }
      await turn();
      demand(
        readers.every((one) => one.isSettled),
        'someone hangs',
      );
      check();
    },

    [Symbol.dispose]: callers[Symbol.dispose],
  };
}

export type Model = ReturnType<typeof openModel>;
