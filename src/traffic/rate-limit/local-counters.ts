import { LRUCache } from 'lru-cache';

/** Per policy; 100,000 keys take about 25 MB. */
const MAX_KEYS = 100_000;

/** The usage of a key in its current window. */
export interface Usage {
  /** In cost units. */
  used: number;
  /** The end of the window, on the clock of performance.now(). */
  readonly endsAt: number;
}

/**
 * Counts in fixed windows, each of which begins with its key's first request. An attacker with an IPv6
 * network has more addresses than memory can hold: beyond 100,000 keys, the least recently used is
 * dropped and starts a new window. No timers run; an expired window is overwritten.
 */
export class LocalCounters {
  // With `max`, all of its memory is allocated at once.
  readonly #usages = new LRUCache<string, Usage>({ maxSize: MAX_KEYS, sizeCalculation: () => 1 });
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @returns undefined if the key has no current window */
  get(key: string, now: number): Usage | undefined {
    const usage = this.#usages.get(key);
    return usage && usage.endsAt > now ? usage : undefined;
  }

  add(key: string, units: number, now: number): Usage {
    const usage = this.get(key, now);
    if (!usage) return this.set(key, units, now + this.#windowMs);
    usage.used += units;
    return usage;
  }

  /** Stores a count that a shared counter returned. */
  set(key: string, used: number, endsAt: number): Usage {
    const usage = { used, endsAt };
    this.#usages.set(key, usage);
    return usage;
  }
}
