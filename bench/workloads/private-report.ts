import type { Measurement } from '../harness/measure.ts';
import { longestGcMs } from '../harness/pauses.ts';
import { summarise } from '../harness/stats.ts';
import { medianAndRange } from '../report/tables.ts';
import { whole } from './measured-modes.ts';
import type { PrivateMeasurements } from './private-answers.ts';
import type { Figures } from './workload.ts';

type Row = readonly [title: string, cell: (one: PrivateMeasurements) => string];

const overRounds =
  (read: (measurement: Measurement) => number, digits: number) =>
  ({ rounds }: PrivateMeasurements): string =>
    medianAndRange(rounds, read, digits);

const ROWS: readonly Row[] = [
  ['stored answers', ({ stored }) => whole(stored)],
  ['bytes of a body', ({ bodyBytes }) => whole(bodyBytes)],
  ['stored per second, each a miss', ({ stored, fillSeconds }) => whole(stored / fillSeconds)],
  ['KiB of memory for each', ({ bytesPerAnswer }) => (bytesPerAnswer / 1_024).toFixed(2)],
  ['longest GC pause while they are stored, ms', (one) => longestGcMs(one.whileStored).toFixed(1)],
  ['longest GC pause while they are read, ms', (one) => longestGcMs(one.whileRead).toFixed(1)],
  [
    'p99 of the event-loop delay while they are read, ms',
    (one) => one.whileRead.p99LoopDelayMs.toFixed(1),
  ],
  [
    'longest event-loop delay while they are read, ms',
    (one) => one.whileRead.longestLoopDelayMs.toFixed(1),
  ],
  ['hits/s', overRounds(({ rate }) => rate, 0)],
  ['p50 ms of a hit', overRounds(({ p50Ms }) => p50Ms, 2)],
  ['p99 ms of a hit', overRounds(({ p99Ms }) => p99Ms, 2)],
  ['CPU µs/hit', overRounds(({ cpuMicros }) => cpuMicros, 0)],
  ['upstream calls/hit', overRounds(({ callsPerRequest }) => callsPerRequest, 2)],
  ['errors', ({ rounds }) => whole(errorsOf(rounds))],
];

/** Formats the measurements as table rows, with a column for each server. */
export const toPrivateRows = (all: readonly PrivateMeasurements[]): string[][] =>
  ROWS.map(([title, cell]) => [title, ...all.map(cell)]);

export function toPrivateFigures(one: PrivateMeasurements): Figures {
  const { stored, bytesPerAnswer, whileStored, whileRead, rounds } = one;
  const median = (read: (measurement: Measurement) => number) => summarise(rounds.map(read)).median;
  return {
    stored,
    kibPerAnswer: bytesPerAnswer / 1_024,
    longestGcMs: Math.max(longestGcMs(whileStored), longestGcMs(whileRead)),
    rate: median(({ rate }) => rate),
    p50Ms: median(({ p50Ms }) => p50Ms),
    p99Ms: median(({ p99Ms }) => p99Ms),
    calls: median(({ callsPerRequest }) => callsPerRequest),
    errors: errorsOf(rounds),
  };
}

const errorsOf = (rounds: readonly Measurement[]): number =>
  rounds.reduce((sum, { errors }) => sum + errors, 0);
