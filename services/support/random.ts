export type Random = ReturnType<typeof createRandom>;

/** A Mulberry32 generator: the same numbers on every machine, so that seeded data are equal too. */
export function createRandom(seed: number) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from min to max, inclusive. */
  function int(min: number, max: number): number {
    return min + Math.floor(next() * (max - min + 1));
  }

  function pick<T>(from: readonly T[]): T {
    const picked = from[int(0, from.length - 1)];
    if (picked === undefined) throw new RangeError('cannot pick from an empty list');
    return picked;
  }

  /** An integer from 0 to max, biased to small numbers: most customers have few orders. */
  function skewedInt(max: number): number {
    return Math.floor(next() ** 2 * (max + 1));
  }

  return { next, int, skewedInt, pick, chance: (probability: number) => next() < probability };
}
