import { randomInt } from 'node:crypto';

/** The seed of all random choices; `SEED=<number>` replays a run. */
export const SEED = Number(process.env.SEED || randomInt(2 ** 31));

/** Creates a pseudorandom generator (mulberry32): the same seed gives the same choices. */
export function createRandom(seed: number) {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer, at least 0 and less than `end`. */
  const below = (end: number): number => Math.floor(next() * end);

  return {
    below,
    chance: (probability: number): boolean => next() < probability,
    pick: <T>(values: readonly T[]): T => values[below(values.length)] as T,
  };
}

export type Random = ReturnType<typeof createRandom>;
