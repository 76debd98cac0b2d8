import { type Increment, LocalCounters } from '../../traffic/index.ts';

/** Counts the rate limits of all workers. */
export function createCountHub() {
  // Apart, so that a flood of addresses displaces no viewer.
  const counters = new Map<string, LocalCounters>();

  function countersFor({ policy, windowMs }: Increment): LocalCounters {
    const name = `${policy} ${windowMs}`;
    const known = counters.get(name) ?? new LocalCounters(windowMs);
    counters.set(name, known);
    return known;
  }

  return (increments: readonly Increment[]) => {
    const now = performance.now();
    return increments.map((increment) => {
      const { key, units } = increment;
      const { used, endsAt } = countersFor(increment).add(key, units, now);
      return [used, endsAt - now] as const;
    });
  };
}
