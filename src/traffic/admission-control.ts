import { BffError } from '../errors.ts';

/** For how long requests are begun as they come in one turn of the event loop, in milliseconds. */
const TURN_MS = 10;
/**
 * The length of a slice: the time in which waiting requests are begun and no socket is read. A refused
 * request waits for its end, so slices are short. They grow with the number of refusals since the last
 * one, so that clients which try again immediately do not take the time of the waiting requests.
 * Processor time: on a busy machine, a slice is not spent on waiting for the processor.
 */
const SLICE_MS = { min: 8, max: 50, perRefusal: 0.06 };
/** How many are begun in a slice at most. */
const MAX_IN_SLICE = 64;
/** Turns between two slices if many wait, for no longer than this: in each one connection is accepted. */
const MOST_TURNS = 32;
const SHORT_TURNS_MS = 2.5;
/** The longest that those who came first may have waited when others are still let in. */
const LONGEST_WAIT_MS = { trusted: 500, adHoc: 250 } as const;
/** Nobody is refused while there are no more in line: a machine that was away for a moment is not late. */
const FEW = 100;
/** Whoever has waited for so long is let go. */
const GIVEN_UP_MS = 1_000;
/**
 * A process that has just started runs code that V8 has not compiled yet, up to ten times slower than
 * later. How long a line waits is no sign of overload until so many requests of it have begun.
 */
const WARM_UP_REQUESTS = 1_000;
/** The length of the line at which a process that is not warm yet refuses requests. */
const MAX_COLD_LINE = 1_000;

/** One for all: where it was thrown says nothing, and to find out is what costs most of a refusal. */
const OVERLOADED = new BffError(
  'OVERLOADED',
  'There is too much to do right now: try again later.',
  { headers: { 'retry-after': '1' } },
);

type Kind = keyof typeof LONGEST_WAIT_MS;

interface Waiting {
  readonly since: number;
  readonly begin: () => void;
  readonly giveUp: (error: BffError) => void;
}

/**
 * Lets requests begin in their order, so many in each turn of the event loop that it is never late;
 * those whose operations are registered first. If it takes too long until the first of those who wait
 * may begin, there is more to do than can be done, and whoever comes then is refused (as CoDel does,
 * RFC 8289).
 */
export function createAdmissionControl() {
  const queues: Record<Kind, Waiting[]> = { trusted: [], adHoc: [] };
  /** The number of requests of each kind that the line has begun. */
  const begun: Record<Kind, number> = { trusted: 0, adHoc: 0 };
  /** When the first request of this turn was begun; undefined before. */
  let turnBegan: number | undefined;
  let isDraining = false;
  let sliceEndedAt = 0;
  /** In processor time. Set by the slice's first request: the slice does not begin before. */
  let sliceEndsAt: number | undefined;
  /** The number of refusals since the last slice. */
  let refused = 0;
  let turns = 0;

  const hasTime = (now: number): boolean => {
    if (turnBegan === undefined) {
      turnBegan = now;
      setImmediate(endTurn);
    }
    return now - turnBegan < TURN_MS;
  };

  function endTurn(): void {
    turnBegan = undefined;
    const now = performance.now();
    if (!isDraining) sliceEndedAt = now;
    const waiting = queues.trusted.length + queues.adHoc.length;
    isDraining = waiting > 0;
    if (!isDraining) return;
    const isShort = now - sliceEndedAt < SHORT_TURNS_MS && ++turns < MOST_TURNS;
    if (waiting > FEW && isShort) setImmediate(endTurn);
    else beginSlice();
  }

  /** Each begins in a callback of its own, so that what it does at once is over before the next. */
  function beginSlice(): void {
    sliceEndsAt = undefined;
    turns = 0;
    for (let n = 0; n < MAX_IN_SLICE; n++) setImmediate(beginNext);
    setImmediate(() => {
      sliceEndedAt = performance.now();
      endTurn();
    });
  }

  function beginNext(): void {
    const usedMs = processorMs();
    sliceEndsAt ??= usedMs + takeSliceLength();
    if (usedMs >= sliceEndsAt) return;
    const kind = queues.trusted.length > 0 ? 'trusted' : 'adHoc';
    const next = queues[kind].shift();
    if (!next) return;
    const left = queues.trusted.length + queues.adHoc.length;
    if (left >= FEW && isWarm(kind) && performance.now() - next.since >= GIVEN_UP_MS) {
      refused += 1;
      next.giveUp(OVERLOADED);
      return;
    }
    begun[kind] += 1;
    next.begin();
  }

  function takeSliceLength(): number {
    const lengthMs = Math.max(SLICE_MS.min, refused * SLICE_MS.perRefusal);
    refused = 0;
    return Math.min(SLICE_MS.max, lengthMs);
  }

  const isWarm = (kind: Kind): boolean => begun[kind] >= WARM_UP_REQUESTS;

  function isLate(kind: Kind, now: number): boolean {
    const queue = queues[kind];
    if (!isWarm(kind)) return queue.length >= MAX_COLD_LINE;
    const [first] = queue;
    return first !== undefined && queue.length > FEW && now - first.since > LONGEST_WAIT_MS[kind];
  }

  function refuseIfLate(kind: Kind, now: number): void {
    if (!isLate(kind, now)) return;
    refused += 1;
    throw OVERLOADED;
  }

  return {
    /**
     * Before anything is read of a request.
     * @throws BffError OVERLOADED
     */
    refuseExcess: (): void => refuseIfLate('trusted', performance.now()),

    /**
     * Before work is begun. Nobody waits while the process keeps up.
     * @param isTrusted - tells whether the operation is registered, if that matters
     * @returns undefined if it may begin at once
     * @throws BffError OVERLOADED; rejects with it, too
     */
    turn(isTrusted: () => boolean): Promise<void> | undefined {
      const now = performance.now();
      if (!isDraining && hasTime(now)) return undefined;
      const kind = isTrusted() ? 'trusted' : 'adHoc';
      refuseIfLate(kind, now);
      return new Promise((begin, giveUp) => queues[kind].push({ since: now, begin, giveUp }));
    },
  };
}

/** The processor time that this thread has used, in milliseconds. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

export type AdmissionControl = ReturnType<typeof createAdmissionControl>;
