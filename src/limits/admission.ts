import { BffError } from '../errors.ts';

/** For how long requests are begun as they come in one turn of the event loop, in milliseconds. */
const TURN_MS = 10;
/**
 * Those who wait have most of the time, in slices of so many milliseconds, and not those who are
 * refused meanwhile.
 */
const SHARE = 4;
const SLICE_MS = { least: 10, most: 50 };
/** Turns between two slices if many wait, as long as they are short: in each one connection is accepted. */
const MOST_TURNS = 32;
/** How many are begun in a slice at most. */
const MOST_IN_SLICE = 64;
/** The longest that those who came first may have waited when others are still let in. */
const LONGEST_WAIT_MS = { trusted: 500, adHoc: 250 } as const;
/** Nobody is refused while there are no more in line: a machine that was away for a moment is not late. */
const FEW = 100;
/** Whoever has waited for so long is let go. */
const GIVEN_UP_MS = 1_000;

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
export function createAdmission() {
  const queues: Record<Kind, Waiting[]> = { trusted: [], adHoc: [] };
  /** When the first request of this turn was begun; undefined before. */
  let turnBegan: number | undefined;
  let isDraining = false;
  let sliceEndedAt = 0;
  let sliceEndsAt = 0;
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
    const others = now - sliceEndedAt;
    const isShort = others < SLICE_MS.least / SHARE && ++turns < MOST_TURNS;
    if (waiting > FEW && isShort) setImmediate(endTurn);
    else beginSlice(now + Math.min(SLICE_MS.most, Math.max(SLICE_MS.least, SHARE * others)));
  }

  /** Each begins in a callback of its own, so that what it does at once is over before the next. */
  function beginSlice(endsAt: number): void {
    sliceEndsAt = endsAt;
    turns = 0;
    for (let n = 0; n < MOST_IN_SLICE; n++) setImmediate(beginNext);
    setImmediate(() => {
      sliceEndedAt = performance.now();
      endTurn();
    });
  }

  function beginNext(): void {
    const now = performance.now();
    if (now >= sliceEndsAt) return;
    const next = queues.trusted.shift() ?? queues.adHoc.shift();
    if (!next) return;
    const left = queues.trusted.length + queues.adHoc.length;
    if (left < FEW || now - next.since < GIVEN_UP_MS) next.begin();
    else next.giveUp(OVERLOADED);
  }

  function refuseIfLate(kind: Kind, now: number): void {
    const queue = queues[kind];
    const [first] = queue;
    if (first && queue.length > FEW && now - first.since > LONGEST_WAIT_MS[kind]) throw OVERLOADED;
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

export type Admission = ReturnType<typeof createAdmission>;
