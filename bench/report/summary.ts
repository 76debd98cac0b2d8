import {
  type Bar,
  evaluateGoal,
  FRONTDESK,
  type GoalResult,
  type TargetResult,
} from './goal-result.ts';
import { GOALS, type Target } from './goals.ts';
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
    targetResults.map(({ target }) => `${sign} ${toLimit(target)}`).join(', ') || '–',
    targetResults.map(({ isMet }) => (isMet ? 'yes' : '**no**')).join(', ') || '–',
  ];
}

/** The ratio to the named peer, or the difference. */
function toRatio({ target, actual }: TargetResult): string[] {
  if (!('of' in target)) return [];
  const sign = actual < 0 ? '−' : '+';
  return 'margin' in target
    ? [`\`${target.of}\` ${sign} ${Math.abs(actual).toFixed(2)}`]
    : [`${actual.toFixed(2)} × \`${target.of}\``];
}

function toLimit(target: Target): string {
  if ('margin' in target) return `\`${target.of}\`${target.margin ? ` + ${target.margin}` : ''}`;
  const limit = target.limit.toLocaleString('en');
  return 'of' in target ? `${limit} × \`${target.of}\`` : limit;
}

export const formatNumber = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
