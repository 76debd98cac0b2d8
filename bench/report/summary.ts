import { GOALS } from './goals.ts';
import type { Results } from './results.ts';
import { type Bar, type Finding, findingOf, OWN, type Verdict } from './verdict.ts';

const BEST = 2;

/** What came of all targets, as a table in Markdown. */
export function toSummary(results: Results): string {
  const head = ['workload', 'Frontdesk', 'best peers', 'ratio', 'target', 'met?'];
  const rows = GOALS.flatMap((goal) => {
    const finding = findingOf(goal, results);
    return finding ? [toRow(finding)] : [];
  });
  const rule = head.map((_, column) => (column === 1 ? '--:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function toRow({ goal, bars, verdicts }: Finding): string[] {
  const { title, unit, digits, lessIsBetter } = goal;
  const show = ({ value, hasErrors }: Bar) =>
    `${toText(value, digits)}${hasErrors ? ' (with errors)' : ''}`;
  const own = bars.filter(({ peer }) => peer === OWN).map(show);
  const others = bars
    .filter(({ peer }) => peer !== OWN)
    .sort((a, b) => (lessIsBetter ? a.value - b.value : b.value - a.value))
    .slice(0, BEST)
    .map((bar) => `\`${bar.peer}\` ${show(bar)}`);
  const sign = lessIsBetter ? '≤' : '≥';
  return [
    `${title} (${unit})`,
    own.join(),
    others.join(', ') || '–',
    verdicts.flatMap(toRatio).join(', ') || '–',
    verdicts
      .map(({ target }) => `${sign} ${target.limit.toLocaleString('en')}${ofPeer(target.of)}`)
      .join(', ') || '–',
    verdicts.map(({ isMet }) => (isMet ? 'yes' : '**no**')).join(', ') || '–',
  ];
}

const toRatio = ({ target, actual }: Verdict): string[] =>
  target.of ? [`${actual.toFixed(2)}${ofPeer(target.of)}`] : [];

const ofPeer = (peer: string | undefined): string => (peer ? ` × \`${peer}\`` : '');

export const toText = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
