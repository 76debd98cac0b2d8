/** The value of a label for everything beyond its limit. */
export const OTHER = 'other';

/** Clients, or clients with their versions, that have a value of their own. */
export const MAX_CLIENTS = 32;

/**
 * Bounds the values of a label that clients choose: the first ones keep their names, all later ones are
 * `other`. Otherwise a client could make the process keep any number of time series.
 */
export class BoundedLabel {
  readonly #known = new Set<string>();
  readonly #maxValues: number;

  constructor(maxValues: number) {
    this.#maxValues = maxValues;
  }

  /** @param value - undefined counts as `unknown` */
  valueOf(value = 'unknown'): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#maxValues) return OTHER;
    this.#known.add(value);
    return value;
  }
}
