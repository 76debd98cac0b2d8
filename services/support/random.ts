export type Random = ReturnType<typeof createRandom>;

/** Mulberry32: small, fast, and the same on every machine, so that seeds are too. */
export function createRandom(seed: number) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number, both ends included. */
  function int(min: number, max: number): number {
    return min + Math.floor(next() * (max - min + 1));
  }

  function pick<T>(from: readonly T[]): T {
    const picked = from[int(0, from.length - 1)];
    if (picked === undefined) throw new RangeError('cannot pick from an empty list');
    return picked;
  }

  /** From 0 to max, small numbers more often: most customers are not the keenest one. */
  function few(max: number): number {
    return Math.floor(next() ** 2 * (max + 1));
  }

  return { next, int, few, pick, chance: (share: number) => next() < share };
}
