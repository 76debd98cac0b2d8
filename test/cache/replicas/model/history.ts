/** A value of a key that was written, and the purge that was answered after it. */
interface Write {
  readonly value: number;
  /** The replica through which it was purged, or undefined until the purge was answered. */
  purgedBy?: object | string;
  /** On the clock of `performance.now()`. */
  purgedAt?: number;
}

/** The time after an answered purge in which other replicas may still return the value before. */
export interface Staleness {
  readonly ms: number;
  /** After a disturbance of Redis or of a connection to it. */
  readonly disturbedMs: number;
}

/**
 * The reference model: the values that a read may return. Each key counts its writes. A read returns the
 * last value that was purged through the same replica before the read began, or a later one; and the last
 * value that was purged through another one so long ago that every replica must know.
 */
export class History {
  readonly #writes = new Map<string, Write[]>();
  readonly #staleness: Staleness;
  #disturbedUntil = Number.NEGATIVE_INFINITY;

  constructor(staleness: Staleness) {
    this.#staleness = staleness;
  }

  /** The value of the key in the service. */
  current(key: string): number {
    return this.#writes.get(key)?.at(-1)?.value ?? 0;
  }

  /** @returns a function to call when its purge is answered */
  write(key: string): (replica: object | string) => void {
    const writes = this.#writes.get(key) ?? [];
    const write: Write = { value: this.current(key) + 1 };
    this.#writes.set(key, [...writes, write]);
    return (replica) => {
      write.purgedBy = replica;
      write.purgedAt = performance.now();
    };
  }

  /** Records that purges may be delayed from now on, for as long as Redis is away and then some. */
  disturb(): void {
    this.#disturbedUntil = performance.now() + this.#staleness.disturbedMs;
  }

  /** The lowest value that a read which begins now may return. */
  lowestValue(key: string, replica: object | string): number {
    const now = performance.now();
    const isDisturbed = now < this.#disturbedUntil;
    const { ms, disturbedMs } = this.#staleness;
    const knownSince = now - (isDisturbed ? disturbedMs : ms);
    const isKnown = ({ purgedBy, purgedAt = Number.POSITIVE_INFINITY }: Write) =>
      purgedBy === replica ? purgedAt <= now : purgedAt <= knownSince;
    return this.#writes.get(key)?.findLast(isKnown)?.value ?? 0;
  }
}
