import type { Measurement } from '../harness/measure.ts';
import type { Result, Rounds } from '../harness/rounds.ts';
import { summarise } from '../harness/stats.ts';
import type { Figures, Mode } from '../workloads/workload.ts';

type Column = readonly [
  title: string,
  cell: (rounds: readonly Measurement[], peer: string) => string,
];

interface Comparison {
  /** The peers that the others' rates are multiples of. */
  readonly baselines: readonly string[];
  /** How long the slowest upstream takes without a server in between, in milliseconds. */
  readonly bareMs: number | undefined;
  /** The mode that each peer's own rate is a multiple of. */
  readonly beside: Result | undefined;
}

/** One mode as a table. */
export function toTable({ mode, rounds }: Result, comparison: Comparison): string {
  const chosen = [...columns(mode, rounds, comparison)];
  const rows = [...rounds].map(([peer, measured]) => [
    peer,
    ...chosen.map(([, cell]) => cell(measured, peer)),
  ]);
  return layOut(mode.title, ['peer', ...chosen.map(([title]) => title)], rows);
}

/** What the chart and the summary need of one peer in one mode: medians. */
export function figuresOf(all: readonly Measurement[], bareMs: number | undefined): Figures {
  const rates = summarise(all.map(({ rate }) => rate));
  const [p50, p99] = [median(all, (one) => one.p50), median(all, (one) => one.p99)];
  return {
    rate: rates.median,
    lowestRate: rates.min,
    highestRate: rates.max,
    calls: median(all, ({ calls }) => calls),
    atOnce: Math.max(...all.map(({ atOnce }) => atOnce)),
    cpuMicros: median(all, ({ cpu }) => cpu),
    p50Ms: p50,
    p99Ms: p99,
    ...(bareMs !== undefined && { p50AddedMs: p50 - bareMs, p99AddedMs: p99 - bareMs }),
    errors: all.reduce((sum, { errors }) => sum + errors, 0),
  };
}

/** A table with a title above it; all but the first column are figures. */
export function layOut(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return [`**${title}**`, '', ...lines, ''].join('\n');
}

function* columns(
  { delayed, half, atOnce }: Mode,
  rounds: Rounds,
  { baselines, bareMs = 0, beside }: Comparison,
): Generator<Column> {
  yield ['requests/s', (all) => spread(all, ({ rate }) => rate, 0)];
  for (const baseline of half ? [] : baselines) {
    const base = rounds.get(baseline);
    if (base) yield [`× ${baseline}`, (all) => ratioOf(all, base).toFixed(2)];
  }
  if (beside) {
    const own = (peer: string) => beside.rounds.get(peer) ?? [];
    yield [`× its own ${beside.name}`, (all, peer) => ratioOf(all, own(peer)).toFixed(2)];
  }
  yield ['CPU µs/request', (all) => spread(all, ({ cpu }) => cpu, 0)];
  yield ['server busy', (all) => percent(median(all, ({ serverBusy }) => serverBusy))];
  yield ['load core busy', (all) => percent(median(all, ({ loadBusy }) => loadBusy))];
  yield ['upstream busy', (all) => percent(median(all, ({ upstreamBusy }) => upstreamBusy))];
  yield ['p50 ms', (all) => spread(all, ({ p50 }) => p50, 2)];
  yield ['p99 ms', (all) => spread(all, ({ p99 }) => p99, 2)];
  if (delayed) {
    yield ['p50 added ms', (all) => (median(all, ({ p50 }) => p50) - bareMs).toFixed(2)];
    yield ['p99 added ms', (all) => (median(all, ({ p99 }) => p99) - bareMs).toFixed(2)];
  }
  yield ['upstream calls/request', (all) => spread(all, ({ calls }) => calls, 2)];
  if (atOnce) {
    yield [
      'upstream calls at once, most',
      (all) => String(Math.max(...all.map((one) => one.atOnce))),
    ];
  }
  yield ['errors', (all) => String(all.reduce((sum, { errors }) => sum + errors, 0))];
}

const median = (all: readonly Measurement[], read: (one: Measurement) => number): number =>
  summarise(all.map(read)).median;

const ratioOf = (all: readonly Measurement[], base: readonly Measurement[]): number =>
  median(all, ({ rate }) => rate) / median(base, ({ rate }) => rate);

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The median of rounds, and their ends. */
export function spread<Round>(
  all: readonly Round[],
  read: (one: Round) => number,
  digits: number,
): string {
  const { median, min, max } = summarise(all.map(read));
  const show = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${show(median)} (${show(min)}–${show(max)})`;
}
