/** The value of a label for everything beyond its limit. */
export const OTHER = 'other';

const UNKNOWN = 'unknown';

/** Clients, or clients with their versions, that have a value of their own. */
export const MAX_CLIENTS = 32;

/**
 * Bounds the values of a label that clients choose: the first ones of signed-in viewers and partners keep
 * their names, all others are `other`. Otherwise a client could make the process keep any number of time
 * series, or use up the names before those of real clients are known.
 */
export class BoundedLabel {
  readonly #known = new Set<string>([UNKNOWN]);
  readonly #maxValues: number;

  constructor(maxValues: number) {
    this.#maxValues = maxValues;
  }

  /**
   * @param value - undefined counts as `unknown`
   * @param mayAdd - false if a value that is not known yet counts as `other`
   */
  valueOf(value = UNKNOWN, mayAdd = true): string {
    if (this.#known.has(value)) return value;
    if (!mayAdd || this.#known.size > this.#maxValues) return OTHER;
    this.#known.add(value);
    return value;
  }
}
