import type { Measurement } from '../harness/measure.ts';
import type { ModeResult, Rounds } from '../harness/run-modes.ts';
import { summarise } from '../harness/stats.ts';
import type { Figures, Mode } from '../workloads/workload.ts';

type Column = readonly [
  title: string,
  cell: (measurements: readonly Measurement[], peer: string) => string,
];

interface TableContext {
  /** The peers that ratios refer to. */
  readonly baselines: readonly string[];
  /** Latency of the slowest upstream service without a server in between, in milliseconds. */
  readonly upstreamP50Ms: number | undefined;
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
export function toPeerFigures(
  all: readonly Measurement[],
  upstreamP50Ms: number | undefined,
): Figures {
  const rates = summarise(all.map(({ rate }) => rate));
  const [p50Ms, p99Ms] = [median(all, (one) => one.p50Ms), median(all, (one) => one.p99Ms)];
  return {
    rate: rates.median,
    lowestRate: rates.min,
    highestRate: rates.max,
    calls: median(all, ({ callsPerRequest }) => callsPerRequest),
    atOnce: Math.max(...all.map(({ maxOpenCalls }) => maxOpenCalls)),
    cpuMicros: median(all, ({ cpuMicros }) => cpuMicros),
    p50Ms,
    p99Ms,
    ...(upstreamP50Ms !== undefined && {
      p50AddedMs: p50Ms - upstreamP50Ms,
      p99AddedMs: p99Ms - upstreamP50Ms,
    }),
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
  { hasDelays, isHalfRate, reportsMaxOpenCalls }: Mode,
  rounds: Rounds,
  { baselines, upstreamP50Ms = 0, paired }: TableContext,
): Generator<Column> {
  yield ['requests/s', (all) => medianAndRange(all, ({ rate }) => rate, 0)];
  for (const baseline of isHalfRate ? [] : baselines) {
    const base = rounds.get(baseline);
    if (base) yield [`× ${baseline}`, (all) => rateRatio(all, base).toFixed(2)];
  }
  if (paired) {
    const pairedRounds = (peer: string) => paired.rounds.get(peer) ?? [];
    yield [`× own ${paired.name}`, (all, peer) => rateRatio(all, pairedRounds(peer)).toFixed(2)];
  }
  yield ['CPU µs/request', (all) => medianAndRange(all, ({ cpuMicros }) => cpuMicros, 0)];
  yield ['server busy', (all) => percent(median(all, ({ serverBusy }) => serverBusy))];
  yield ['load core busy', (all) => percent(median(all, ({ loadBusy }) => loadBusy))];
  yield ['upstream busy', (all) => percent(median(all, ({ upstreamBusy }) => upstreamBusy))];
  yield ['p50 ms', (all) => medianAndRange(all, ({ p50Ms }) => p50Ms, 2)];
  yield ['p99 ms', (all) => medianAndRange(all, ({ p99Ms }) => p99Ms, 2)];
  if (hasDelays) {
    yield ['added p50 ms', (all) => (median(all, (one) => one.p50Ms) - upstreamP50Ms).toFixed(2)];
    yield ['added p99 ms', (all) => (median(all, (one) => one.p99Ms) - upstreamP50Ms).toFixed(2)];
  }
  yield [
    'upstream calls/request',
    (all) => medianAndRange(all, ({ callsPerRequest }) => callsPerRequest, 2),
  ];
  if (reportsMaxOpenCalls) {
    yield [
      'max open upstream calls',
      (all) => String(Math.max(...all.map(({ maxOpenCalls }) => maxOpenCalls))),
    ];
  }
  yield ['errors', (all) => String(totalErrors(all))];
}

const median = (all: readonly Measurement[], read: (one: Measurement) => number): number =>
  summarise(all.map(read)).median;

const rateRatio = (all: readonly Measurement[], base: readonly Measurement[]): number =>
  median(all, ({ rate }) => rate) / median(base, ({ rate }) => rate);

const totalErrors = (all: readonly Measurement[]): number =>
  all.reduce((sum, { errors }) => sum + errors, 0);

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
