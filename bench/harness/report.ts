import { readFileSync, writeFileSync } from 'node:fs';
import type { Mode } from '../workloads/workload.ts';
import type { Measurement } from './measure.ts';
import type { Result, Rounds } from './rounds.ts';
import { type Summary, summarise } from './stats.ts';

type Column = readonly [title: string, cell: (rounds: readonly Measurement[]) => string];

/**
 * One mode as a table.
 * @param baselines - the peers that the others' rates are multiples of
 * @param bareMs - how long the slowest upstream takes without a server in between
 */
export function toTable(
  { mode, rounds }: Result,
  baselines: readonly string[],
  bareMs = 0,
): string {
  const chosen = [...columns(mode, rounds, baselines, bareMs)];
  const rows = [...rounds].map(([peer, measured]) => [
    peer,
    ...chosen.map(([, cell]) => cell(measured)),
  ]);
  return layOut(mode.title, ['peer', ...chosen.map(([title]) => title)], rows);
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
  baselines: readonly string[],
  bareMs: number,
): Generator<Column> {
  yield ['requests/s', (all) => spread(all, ({ rate }) => rate, 0)];
  for (const baseline of half ? [] : baselines) {
    const base = rounds.get(baseline);
    if (base) yield [`× ${baseline}`, (all) => ratioOf(all, base).toFixed(2)];
  }
  yield ['CPU µs/request', (all) => spread(all, ({ cpu }) => cpu, 0)];
  yield ['server busy', (all) => percent(median(all, ({ serverBusy }) => serverBusy))];
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

function spread(
  all: readonly Measurement[],
  read: (one: Measurement) => number,
  digits: number,
): string {
  const summary: Summary = summarise(all.map(read));
  const show = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${show(summary.median)} (${show(summary.min)}–${show(summary.max)})`;
}

/**
 * Puts the text between the markers `<!-- name -->` and `<!-- /name -->` of a file, at its end if
 * it has none.
 */
export function replaceSection(file: URL, name: string, text: string): void {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const old = readFileSync(file, 'utf8');
  const section = `${open}\n\n${text.trim()}\n\n${close}`;
  const [start, end] = [old.indexOf(open), old.indexOf(close)];
  const changed =
    start >= 0 && end > start
      ? old.slice(0, start) + section + old.slice(end + close.length)
      : `${old.trimEnd()}\n\n${section}\n`;
  writeFileSync(file, changed);
}
