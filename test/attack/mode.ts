import { randomInt } from 'node:crypto';

/**
 * Whether the whole list is to be run: `npm run test:attack`. `npm test` runs a short form of it,
 * with fewer cases and no waiting.
 */
export const isFull = process.env.ATTACK === 'full';

export const shortOrFull = <T>(short: T, full: T): T => (isFull ? full : short);

/** Why a test is left out of the short form; false in the full one. */
export const SKIP_IN_SHORT_MODE = isFull ? false : 'takes long: npm run test:attack';

/** What decides all that is random; `SEED=<number>` repeats a run. */
export const SEED = Number(process.env.SEED || randomInt(2 ** 31));

/** A source of random choices that gives the same for the same seed (mulberry32). */
export function createRandom(seed: number) {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, at least 0 and below `end`. */
  const below = (end: number): number => Math.floor(next() * end);

  return {
    below,
    chance: (probability: number): boolean => next() < probability,
    pick: <T>(values: readonly T[]): T => values[below(values.length)] as T,
  };
}

export type Random = ReturnType<typeof createRandom>;
