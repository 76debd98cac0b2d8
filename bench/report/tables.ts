import type { Measurement } from '../harness/measure.ts';
import type { ModeResult, Rounds } from '../harness/run-modes.ts';
import { summarise } from '../harness/stats.ts';
import type { Figures, Mode } from '../workloads/workload.ts';
import { GC_COLUMNS, toGcFigures } from './gc-figures.ts';

type Column = readonly [
  title: string,
  cell: (measurements: readonly Measurement[], peer: string) => string,
];

interface TableContext {
  /** The peers that ratios refer to. */
  readonly baselines: readonly string[];
  /** The mode that each peer's own rate is compared with. */
  readonly paired: ModeResult | undefined;
}

/** Formats the results of one mode as a table with one row per peer. */
export function toTable({ mode, rounds }: ModeResult, context: TableContext): string {
  const chosen = [...columns(mode, rounds, context)];
  const rows = [...rounds].map(([peer, measurements]) => [
    peer,
    ...chosen.map(([, cell]) => cell(measurements, peer)),
  ]);
  return formatTable(mode.title, ['peer', ...chosen.map(([title]) => title)], rows);
}

/** Reduces one peer's measurements in one mode to the figures of results.json. */
export function toPeerFigures(all: readonly Measurement[], mode: Mode): Figures {
  const rates = summarise(all.map(({ rate }) => rate));
  const [p50Ms, p90Ms, p99Ms] = [
    median(all, (one) => one.p50Ms),
    median(all, (one) => one.p90Ms),
    median(all, (one) => one.p99Ms),
  ];
  const delayMs = slowestDelayMs(mode);
  return {
    rate: rates.median,
    lowestRate: rates.min,
    highestRate: rates.max,
    calls: median(all, ({ callsPerRequest }) => callsPerRequest),
    atOnce: Math.max(...all.map(({ maxOpenCalls }) => maxOpenCalls)),
    cpuMicros: median(all, ({ cpuMicros }) => cpuMicros),
    p50Ms,
    p90Ms,
    p99Ms,
    ...(delayMs !== undefined && {
      p50AddedMs: p50Ms - delayMs,
      p90AddedMs: p90Ms - delayMs,
      p99AddedMs: p99Ms - delayMs,
    }),
    ...toGcFigures(all),
    errors: totalErrors(all),
  };
}

/** Formats a Markdown table below a bold title. All columns but the first are right-aligned. */
export function formatTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [`**${title}**`, '', ...lines, ''].join('\n');
}

function* columns(
  mode: Mode,
  rounds: Rounds,
  { baselines, paired }: TableContext,
): Generator<Column> {
  const range =
    (read: (one: Measurement) => number, digits: number) => (all: readonly Measurement[]) =>
      medianAndRange(all, read, digits);
  const busy = (read: (one: Measurement) => number) => (all: readonly Measurement[]) =>
    percent(median(all, read));
  yield ['requests/s', range(({ rate }) => rate, 0)];
  for (const baseline of mode.rate ? [] : baselines) {
    const base = rounds.get(baseline);
    if (base) yield [`× ${baseline}`, (all) => rateRatio(all, base).toFixed(2)];
  }
  if (paired) {
    const pairedRounds = (peer: string) => paired.rounds.get(peer) ?? [];
    yield [`× own ${paired.name}`, (all, peer) => rateRatio(all, pairedRounds(peer)).toFixed(2)];
  }
  yield ['CPU µs/request', range(({ cpuMicros }) => cpuMicros, 0)];
  yield ['server busy', busy(({ serverBusy }) => serverBusy)];
  yield ['load core busy', busy(({ loadBusy }) => loadBusy)];
  yield ['upstream busy', busy(({ upstreamBusy }) => upstreamBusy)];
  const delayMs = slowestDelayMs(mode);
  const [over, minus] = delayMs === undefined ? ['ms', 0] : [`ms over ${delayMs}`, delayMs];
  yield [`p50 ${over}`, range(({ p50Ms }) => p50Ms - minus, 2)];
  yield [`p90 ${over}`, range(({ p90Ms }) => p90Ms - minus, 2)];
  yield [`p99 ${over}`, range(({ p99Ms }) => p99Ms - minus, 2)];
  if ([...rounds.values()].flat().some(({ gc }) => gc)) yield* GC_COLUMNS;
  yield ['upstream calls/request', range(({ callsPerRequest }) => callsPerRequest, 2)];
  if (mode.reportsMaxOpenCalls) {
    yield [
      'max open upstream calls',
      (all) => String(Math.max(...all.map(({ maxOpenCalls }) => maxOpenCalls))),
    ];
  }
  if (mode.rate) {
    yield ['sent late', (all) => String(total(all, ({ lateSends }) => lateSends))];
    yield ['waited for a connection', (all) => String(total(all, (one) => one.waitingSends))];
  }
  yield ['errors', (all) => String(totalErrors(all))];
}

/** The delay of the slowest upstream service, in milliseconds. */
const slowestDelayMs = ({ delays }: Mode): number | undefined =>
  delays && Math.max(...Object.values(delays));

const median = (all: readonly Measurement[], read: (one: Measurement) => number): number =>
  summarise(all.map(read)).median;

const rateRatio = (all: readonly Measurement[], base: readonly Measurement[]): number =>
  median(all, ({ rate }) => rate) / median(base, ({ rate }) => rate);

const total = (all: readonly Measurement[], read: (one: Measurement) => number): number =>
  all.reduce((sum, one) => sum + read(one), 0);

const totalErrors = (all: readonly Measurement[]): number => total(all, ({ errors }) => errors);

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** Formats a figure of several rounds as `median (lowest–highest)`. */
export function medianAndRange<Round>(
  rounds: readonly Round[],
  read: (round: Round) => number,
  digits: number,
): string {
  const { median, min, max } = summarise(rounds.map(read));
  const format = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${format(median)} (${format(min)}–${format(max)})`;
}
