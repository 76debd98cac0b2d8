import {
  type Bar,
  evaluateGoal,
  FRONTDESK,
  type GoalResult,
  type TargetResult,
} from './goal-result.ts';
import { GOALS } from './goals.ts';
import type { Results } from './results.ts';

const SHOWN_PEERS = 2;

/** Formats the goals and how far they are met as a Markdown table. */
export function toSummary(results: Results): string {
  const head = ['workload', 'Frontdesk', 'best peers', 'ratio', 'target', 'met?'];
  const rows = GOALS.flatMap((goal) => {
    const result = evaluateGoal(goal, results);
    return result ? [toRow(result)] : [];
  });
  const rule = head.map((_, column) => (column === 1 ? '--:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function toRow({ goal, bars, targetResults }: GoalResult): string[] {
  const { title, unit, digits, lowerIsBetter } = goal;
  const show = ({ value, hasErrors }: Bar) =>
    `${formatNumber(value, digits)}${hasErrors ? ' (with errors)' : ''}`;
  const own = bars.filter(({ peer }) => peer === FRONTDESK).map(show);
  const bestPeers = bars
    .filter(({ peer }) => peer !== FRONTDESK)
    .sort((a, b) => (lowerIsBetter ? a.value - b.value : b.value - a.value))
    .slice(0, SHOWN_PEERS)
    .map((bar) => `\`${bar.peer}\` ${show(bar)}`);
  const sign = lowerIsBetter ? '≤' : '≥';
  return [
    `${title} (${unit})`,
    own.join(),
    bestPeers.join(', ') || '–',
    targetResults.flatMap(toRatio).join(', ') || '–',
    targetResults
      .map(({ target }) => `${sign} ${target.limit.toLocaleString('en')}${ofPeer(target.of)}`)
      .join(', ') || '–',
    targetResults.map(({ isMet }) => (isMet ? 'yes' : '**no**')).join(', ') || '–',
  ];
}

const toRatio = ({ target, actual }: TargetResult): string[] =>
  target.of ? [`${actual.toFixed(2)}${ofPeer(target.of)}`] : [];

const ofPeer = (peer: string | undefined): string => (peer ? ` × \`${peer}\`` : '');

export const formatNumber = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
