import { type Costs, redisLoadOf } from './redis-load.ts';
import { LOAD, SEED, SIZES, simulateFleet, type Variant } from './simulation.ts';

/** A variant of the product, and the sizes for which it is simulated. */
const VARIANTS: Readonly<Record<string, { readonly variant: Variant; readonly sizes: number[] }>> =
  {
    'versions of 2,000,000 tags are kept': { variant: { maxTags: 2_000_000 }, sizes: [300, 1_000] },
    'stale copies in memory hide Redis': { variant: { hidesRedis: true }, sizes: [100] },
  };

/**
 * Simulates the fleets.
 * @param maxReplicas - larger ones are left out
 */
export function simulateAll(costs: Costs, maxReplicas = Number.POSITIVE_INFINITY) {
  const simulate = (sizes: readonly number[], variant?: Variant) =>
    sizes
      .filter((size) => size <= maxReplicas)
      .map((size) => {
        const result = simulateFleet(size, variant);
        return { ...result, redisCores: redisLoadOf(result, costs) };
      });
  return {
    seed: SEED,
    load: LOAD,
    fleets: simulate(SIZES),
    variants: Object.entries(VARIANTS).map(([name, { variant, sizes }]) => ({
      name,
      fleets: simulate(sizes, variant),
    })),
  };
}

export type Results = ReturnType<typeof simulateAll>;
