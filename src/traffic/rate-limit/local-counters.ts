import { LRUCache } from 'lru-cache';

/** Per policy; 100,000 keys take about 25 MB. */
const MAX_KEYS = 100_000;

/** The usage of a key in its current window. */
export interface Usage {
  /** In cost units. */
  used: number;
  /** The part of `used` that a shared counter has not confirmed yet. */
  unconfirmed: number;
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
    if (!usage)
      return this.#set(key, { used: units, unconfirmed: 0, endsAt: now + this.#windowMs });
    usage.used += units;
    return usage;
  }

  /** Adds units that a shared counter gets too; `confirm` or `keep` must follow. */
  addUnconfirmed(key: string, units: number, now: number): Usage {
    const usage = this.add(key, units, now);
    usage.unconfirmed += units;
    return usage;
  }

  /**
   * Stores the count that a shared counter returned for some unconfirmed units. Others of this process
   * may still be on their way to it.
   */
  confirm(key: string, units: number, { used, endsAt }: Pick<Usage, 'used' | 'endsAt'>): Usage {
    this.keep(key, units);
    const unconfirmed = this.#usages.get(key)?.unconfirmed ?? 0;
    return this.#set(key, { used: used + unconfirmed, unconfirmed, endsAt });
  }

  /** Keeps units that the shared counter did not get. Their window may have ended meanwhile. */
  keep(key: string, units: number): void {
    const usage = this.#usages.get(key);
    if (usage) usage.unconfirmed = Math.max(0, usage.unconfirmed - units);
  }

  #set(key: string, usage: Usage): Usage {
    this.#usages.set(key, usage);
    return usage;
  }
}
