import type { Measurement } from '../harness/measure.ts';
import type { OpenLoopResult } from '../harness/open-loop.ts';
import { longestGcMs, type Pauses } from '../harness/pauses.ts';
import { percentile } from '../harness/stats.ts';
import { whole } from './measured-modes.ts';
import type { StaleReadResult } from './stale-reads.ts';
import type { Figures } from './workload.ts';

/** The measurements of one server. */
export interface PurgeMeasurements {
  /** Answers stored by the fill phase. */
  readonly stored: number;
  readonly fillSeconds: number;
  /** Hits without writes. */
  readonly readsOnly: Measurement;
  /** Hits at half of that rate, with concurrent writes. */
  readonly mixed: Measurement;
  /** Purges during these hits, besides those of the checks. */
  readonly purges: OpenLoopResult;
  readonly staleReads: StaleReadResult;
  /** During the hits with writes. */
  readonly whilePurged: Pauses;
}

/** The delay of the client, in milliseconds, above which a note says so. */
const MAX_CLIENT_DELAY_MS = 1;

type Row = readonly [title: string, cell: (one: PurgeMeasurements) => string];

const percentileOf =
  (read: (result: StaleReadResult) => readonly number[], share: number) =>
  ({ staleReads }: PurgeMeasurements): string => {
    const times = read(staleReads);
    return times.length > 0 ? percentile(times, share).toFixed(2) : '–';
  };

const ROWS: readonly Row[] = [
  ['stored answers', ({ stored }) => whole(stored)],
  ['stored per second, each a miss', ({ stored, fillSeconds }) => whole(stored / fillSeconds)],
  ['hits/s without writes, 64 connections', ({ readsOnly }) => whole(readsOnly.rate)],
  ['upstream calls/hit', ({ readsOnly }) => readsOnly.callsPerRequest.toFixed(2)],
  ['CPU µs/hit', ({ readsOnly }) => whole(readsOnly.cpuMicros)],
  ['hits/s with writes, at half of that rate', ({ mixed }) => whole(mixed.rate)],
  ['p50 ms of a hit with writes', ({ mixed }) => mixed.p50Ms.toFixed(2)],
  ['p99 ms of a hit with writes', ({ mixed }) => mixed.p99Ms.toFixed(2)],
  ['timed purges', ({ purges }) => whole(purges.requests)],
  ['p50 ms of a purge', ({ purges }) => purges.p50Ms.toFixed(2)],
  ['p99 ms of a purge', ({ purges }) => purges.p99Ms.toFixed(2)],
  ['longest purge, ms', ({ purges }) => purges.maxMs.toFixed(2)],
  ['purges sent late', ({ purges }) => whole(purges.lateSends)],
  [
    'p99 of the event-loop delay meanwhile, ms',
    ({ whilePurged }) => whilePurged.p99LoopDelayMs.toFixed(2),
  ],
  [
    'longest event-loop delay meanwhile, ms',
    ({ whilePurged }) => whilePurged.longestLoopDelayMs.toFixed(1),
  ],
  ['longest GC pause meanwhile, ms', ({ whilePurged }) => longestGcMs(whilePurged).toFixed(1)],
  [
    'p99 ms by which the client that measures mutations was late',
    ({ staleReads }) => staleReads.clientP99DelayMs.toFixed(2),
  ],
  ['mutations', ({ staleReads }) => whole(staleReads.mutationsMs.length)],
  ['p50 ms of a mutation', percentileOf(({ mutationsMs }) => mutationsMs, 0.5)],
  ['p99 ms of a mutation', percentileOf(({ mutationsMs }) => mutationsMs, 0.99)],
  ['p50 ms until another replica shows a change', percentileOf(({ shownMs }) => shownMs, 0.5)],
  ['p99 ms until another replica shows a change', percentileOf(({ shownMs }) => shownMs, 0.99)],
  ['checked changes', ({ staleReads }) => whole(staleReads.checks)],
  ['stale reads on the same replica', ({ staleReads }) => whole(staleReads.stale)],
  ['errors', (one) => whole(errorsOf(one))],
];

/** Formats the measurements as table rows, with a column for each server. */
export const toPurgeRows = (all: readonly PurgeMeasurements[]): string[][] =>
  ROWS.map(([title, cell]) => [title, ...all.map(cell)]);

export function toPurgeFigures(one: PurgeMeasurements): Figures {
  const { stored, readsOnly, purges, staleReads, whilePurged } = one;
  const { shownMs, stale, clientP99DelayMs } = staleReads;
  return {
    stored,
    staleReads: stale,
    purges: purges.requests,
    purgeP99Ms: purges.p99Ms,
    clientP99DelayMs,
    ...(shownMs.length > 0 && { shownP99Ms: percentile(shownMs, 0.99) }),
    p99LoopDelayMs: whilePurged.p99LoopDelayMs,
    longestLoopDelayMs: whilePurged.longestLoopDelayMs,
    rate: readsOnly.rate,
    errors: errorsOf(one),
  };
}

const errorsOf = ({ readsOnly, mixed, purges, staleReads }: PurgeMeasurements): number =>
  readsOnly.errors + mixed.errors + purges.errors + staleReads.errors;

/** @param expected - number of answers that the fill phase should store */
export function purgeNotes(
  mode: string,
  expected: number,
  { stored, staleReads: { stale, errors, clientP99DelayMs } }: PurgeMeasurements,
): string[] {
  const notes: string[] = [];
  const place = `in \`${mode}\``;
  if (stored < expected)
    notes.push(`Only ${stored} answers were stored in the given time ${place}`);
  if (stale > 0) notes.push(`${stale} reads returned the old name after the change ${place}`);
  if (clientP99DelayMs > MAX_CLIENT_DELAY_MS)
    notes.push(
      `The client that measured mutations waited for its CPU up to ${clientP99DelayMs.toFixed(1)} ms (p99) ${place}: latencies include it`,
    );
  if (errors > 0) notes.push(`${errors} changes or checks failed ${place}`);
  return notes;
}
