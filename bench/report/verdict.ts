import type { Goal, Target } from './goals.ts';
import type { Results } from './results.ts';

export const OWN = 'frontdesk';
/** So much worse than its limit a figure may be, for rounding alone. */
const TOLERANCE = 0.005;

/** One peer's figure. */
export interface Bar {
  readonly peer: string;
  readonly value: number;
  /** Whether some of its answers failed, so that the figure does not count. */
  readonly hasErrors: boolean;
}

/** A target as it was measured. */
export interface Verdict {
  readonly target: Target;
  /** In the goal's unit. */
  readonly limit: number;
  /** What is held against the target: a factor of another peer's figure, or Frontdesk's own. */
  readonly actual: number;
  readonly isMet: boolean;
}

/** What the last runs say of a goal. */
export interface Finding {
  readonly goal: Goal;
  readonly bars: readonly Bar[];
  readonly verdicts: readonly Verdict[];
}

/** @returns undefined if it was not measured */
export function findingOf(goal: Goal, results: Results): Finding | undefined {
  const modes = results[goal.suite]?.modes;
  const peers = modes?.[goal.mode];
  if (!modes || !peers) return undefined;
  const bars = Object.entries(peers).flatMap(([peer, { errors = 0 }]): Bar[] => {
    const value = goal.valueOf(modes, peer);
    return value === undefined ? [] : [{ peer, value, hasErrors: errors > 0 }];
  });
  const own = bars.find(({ peer }) => peer === OWN)?.value;
  if (own === undefined) return undefined;
  const verdicts = goal.targets.flatMap((target) => judge(goal, target, own, bars));
  return { goal, bars, verdicts };
}

function judge(
  { lessIsBetter }: Goal,
  target: Target,
  own: number,
  bars: readonly Bar[],
): Verdict[] {
  const unit = target.of ? bars.find(({ peer }) => peer === target.of)?.value : 1;
  if (!unit) return [];
  const actual = own / unit;
  const isMet = lessIsBetter
    ? actual <= target.limit + TOLERANCE
    : actual >= target.limit - TOLERANCE;
  return [{ target, limit: target.limit * unit, actual, isMet }];
}
