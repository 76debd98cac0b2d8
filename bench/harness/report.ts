import { readFileSync, writeFileSync } from 'node:fs';
import type { Measurement } from './measure.ts';
import type { Mode } from './modes.ts';
import type { Rounds } from './rounds.ts';
import { type Summary, summarise } from './stats.ts';

type Column = readonly [
  title: string,
  cell: (rounds: readonly Measurement[], baseline: readonly Measurement[] | undefined) => string,
];

/**
 * One mode as a table.
 * @param baseline - the peer that the others' rates are multiples of
 * @param bareMs - how long the slowest upstream takes without a server in between
 */
export function toTable(mode: Mode, rounds: Rounds, baseline: string, bareMs: number): string {
  const chosen = [...columns(mode, baseline, bareMs)];
  const rows = [...rounds].map(([peer, measured]) => [
    peer,
    ...chosen.map(([, cell]) => cell(measured, rounds.get(baseline))),
  ]);
  const lines = [
    ['peer', ...chosen.map(([title]) => title)],
    ['---', ...chosen.map(() => '--:')],
    ...rows,
  ].map((cells) => `| ${cells.join(' | ')} |`);
  return [`**${mode.title}**`, '', ...lines, ''].join('\n');
}

function* columns({ delayed, half }: Mode, baseline: string, bareMs: number): Generator<Column> {
  yield ['requests/s', (all) => spread(all, ({ rate }) => rate, 0)];
  if (!half) yield [`× ${baseline}`, (all, base) => (base ? ratioOf(all, base).toFixed(2) : '')];
  yield ['CPU µs/request', (all) => spread(all, ({ cpu }) => cpu, 0)];
  yield ['server busy', (all) => percent(median(all, ({ serverBusy }) => serverBusy))];
  yield ['p50 ms', (all) => spread(all, ({ p50 }) => p50, 2)];
  yield ['p99 ms', (all) => spread(all, ({ p99 }) => p99, 2)];
  if (delayed) {
    yield ['p50 added ms', (all) => (median(all, ({ p50 }) => p50) - bareMs).toFixed(2)];
    yield ['p99 added ms', (all) => (median(all, ({ p99 }) => p99) - bareMs).toFixed(2)];
  }
  yield ['upstream calls/request', (all) => spread(all, ({ calls }) => calls, 2)];
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
