import type { Goal, Target } from './goals.ts';
import type { Results } from './results.ts';

export const FRONTDESK = 'frontdesk';
/** A figure may miss its limit by this much, because limits are rounded. */
const TOLERANCE = 0.005;

/** One peer's figure. */
export interface Bar {
  readonly peer: string;
  readonly value: number;
  /** Some answers were wrong, so the figure does not count. */
  readonly hasErrors: boolean;
}

/** A target and the figure measured for it. */
export interface TargetResult {
  readonly target: Target;
  /** In the goal's unit. */
  readonly limit: number;
  /** Compared with the target: Frontdesk's figure, its ratio to the named peer's, or their difference. */
  readonly actual: number;
  readonly isMet: boolean;
}

/** A goal with the figures of the last runs. */
export interface GoalResult {
  readonly goal: Goal;
  readonly bars: readonly Bar[];
  readonly targetResults: readonly TargetResult[];
}

/** @returns undefined if the goal was not measured */
export function evaluateGoal(goal: Goal, results: Results): GoalResult | undefined {
  const modes = results[goal.suite]?.modes;
  const peers = modes?.[goal.mode];
  if (!modes || !peers) return undefined;
  const bars = Object.entries(peers).flatMap(([peer, { errors = 0 }]): Bar[] => {
    const value = goal.valueOf(modes, peer);
    return value === undefined ? [] : [{ peer, value, hasErrors: errors > 0 }];
  });
  const own = bars.find(({ peer }) => peer === FRONTDESK)?.value;
  if (own === undefined) return undefined;
  const targetResults = goal.targets.flatMap((target) => evaluateTarget(goal, target, own, bars));
  return { goal, bars, targetResults };
}

function evaluateTarget(
  { lowerIsBetter }: Goal,
  target: Target,
  own: number,
  bars: readonly Bar[],
): TargetResult[] {
  const peer = 'of' in target ? bars.find(({ peer }) => peer === target.of)?.value : 1;
  if (peer === undefined) return [];
  const isMargin = 'margin' in target;
  if (!isMargin && peer === 0) return [];
  const actual = isMargin ? own - peer : own / peer;
  const bound = isMargin ? target.margin : target.limit;
  const isMet = lowerIsBetter ? actual <= bound + TOLERANCE : actual >= bound - TOLERANCE;
  const limit = isMargin ? peer + bound : peer * bound;
  return [{ target, limit, actual, isMet }];
}
