import { BffError } from '../errors.ts';
import type { MaybePromise } from '../maybe-promise.ts';

/** The time in one turn of the event loop during which new requests begin immediately. */
const TURN_MS = 10;
/**
 * The length of a slice: the time during which queued requests begin and no socket is read. A refused
 * request waits for its end, so slices are short. They grow with the number of refusals since the last
 * one, so that clients that retry immediately do not take the time of the queued requests.
 * Slices are measured in CPU time, so that waiting for the CPU on a busy machine does not count.
 */
const SLICE_MS = { min: 8, max: 50, perRefusal: 0.06 };
const MAX_REQUESTS_PER_SLICE = 64;
/** The turns between two slices while the queue is long; each turn accepts one connection. */
const MAX_TURNS = 32;
const MAX_TURNS_MS = 2.5;
/** The age of the oldest queued request above which new requests are refused. */
const MAX_WAIT_MS = { trusted: 500, adHoc: 250 } as const;
/** Up to this queue length nothing is refused: a short pause of the machine is not overload. */
const MIN_QUEUE_TO_REFUSE = 100;
/** The age at which a queued request is refused. */
const MAX_QUEUED_MS = 1_000;
/**
 * A new process runs code that V8 has not optimized yet, up to ten times slower than later. The age
 * of a queue is no sign of overload until this many of its requests have begun.
 */
const WARM_UP_REQUESTS = 1_000;
/** The queue length at which a process that is not warm yet refuses requests. */
const MAX_COLD_QUEUE = 1_000;

/** One shared error: its stack is of no use, and capturing one is the largest cost of a refusal. */
const OVERLOADED = new BffError('OVERLOADED', 'Server overloaded; retry later.', {
  headers: { 'retry-after': '1' },
});

type Kind = keyof typeof MAX_WAIT_MS;

interface QueuedRequest {
  readonly queuedAt: number;
  readonly begin: () => void;
  readonly refuse: (error: BffError) => void;
}

/**
 * Begins requests in order of arrival, limited per turn so that the event loop stays responsive;
 * requests for trusted operations go first. If the oldest queued request waits too long, the process
 * is overloaded and new requests are refused (like CoDel, RFC 8289).
 */
export function createAdmissionControl() {
  const queues: Record<Kind, QueuedRequest[]> = { trusted: [], adHoc: [] };
  /** The number of queued requests of each kind that have begun. */
  const begun: Record<Kind, number> = { trusted: 0, adHoc: 0 };
  /** The time at which the first request of this turn began; undefined before. */
  let turnBeganAt: number | undefined;
  let isDraining = false;
  let sliceEndedAt = 0;
  /** In CPU time; set by the slice's first request, with which the slice begins. */
  let sliceEndsAtCpuMs: number | undefined;
  /** The number of refusals since the last slice. */
  let refusals = 0;
  let turns = 0;

  const hasTime = (now: number): boolean => {
    if (turnBeganAt === undefined) {
      turnBeganAt = now;
      setImmediate(endTurn);
    }
    return now - turnBeganAt < TURN_MS;
  };

  function endTurn(): void {
    turnBeganAt = undefined;
    const now = performance.now();
    if (!isDraining) sliceEndedAt = now;
    const queued = queues.trusted.length + queues.adHoc.length;
    isDraining = queued > 0;
    if (!isDraining) return;
    const isShort = now - sliceEndedAt < MAX_TURNS_MS && ++turns < MAX_TURNS;
    if (queued > MIN_QUEUE_TO_REFUSE && isShort) setImmediate(endTurn);
    else beginSlice();
  }

  /** Begins each request in its own callback, so that its synchronous work ends before the next. */
  function beginSlice(): void {
    sliceEndsAtCpuMs = undefined;
    turns = 0;
    for (let n = 0; n < MAX_REQUESTS_PER_SLICE; n++) setImmediate(beginNext);
    setImmediate(() => {
      sliceEndedAt = performance.now();
      endTurn();
    });
  }

  function beginNext(): void {
    const nowCpuMs = cpuMs();
    sliceEndsAtCpuMs ??= nowCpuMs + takeSliceLength();
    if (nowCpuMs >= sliceEndsAtCpuMs) return;
    const kind = queues.trusted.length > 0 ? 'trusted' : 'adHoc';
    const next = queues[kind].shift();
    if (!next) return;
    const remaining = queues.trusted.length + queues.adHoc.length;
    if (
      remaining >= MIN_QUEUE_TO_REFUSE &&
      isWarm(kind) &&
      performance.now() - next.queuedAt >= MAX_QUEUED_MS
    ) {
      refusals += 1;
      next.refuse(OVERLOADED);
      return;
    }
    begun[kind] += 1;
    next.begin();
  }

  function takeSliceLength(): number {
    const lengthMs = Math.max(SLICE_MS.min, refusals * SLICE_MS.perRefusal);
    refusals = 0;
    return Math.min(SLICE_MS.max, lengthMs);
  }

  const isWarm = (kind: Kind): boolean => begun[kind] >= WARM_UP_REQUESTS;

  function isLate(kind: Kind): boolean {
    const queue = queues[kind];
    if (!isWarm(kind)) return queue.length >= MAX_COLD_QUEUE;
    const [first] = queue;
    return (
      first !== undefined &&
      queue.length > MIN_QUEUE_TO_REFUSE &&
      performance.now() - first.queuedAt > MAX_WAIT_MS[kind]
    );
  }

  function refuseIfLate(kind: Kind): void {
    if (!isLate(kind)) return;
    refusals += 1;
    throw OVERLOADED;
  }

  return {
    /**
     * Refuses a request before anything of it is read.
     * @throws BffError OVERLOADED
     */
    refuseExcess: (): void => refuseIfLate('trusted'),

    /**
     * Queues a request before its work begins; requests do not wait while the process keeps up.
     * @param isTrusted - called only if the request has to wait
     * @returns a promise only if the request has to wait
     * @throws BffError OVERLOADED; may also reject with it
     */
    turn(isTrusted: () => boolean): MaybePromise<void> {
      const now = performance.now();
      if (!isDraining && hasTime(now)) return;
      const kind = isTrusted() ? 'trusted' : 'adHoc';
      refuseIfLate(kind);
      return new Promise((begin, refuse) => queues[kind].push({ queuedAt: now, begin, refuse }));
    },
  };
}

/** The CPU time of this thread, in milliseconds. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

export type AdmissionControl = ReturnType<typeof createAdmissionControl>;
