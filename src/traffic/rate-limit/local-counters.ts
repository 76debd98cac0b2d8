import { LRUCache } from 'lru-cache';

/** Of one policy. 100,000 take about 25 MB. */
const MOST_PAYERS = 100_000;

/** What a payer has used of its window, in cost units. */
export interface Usage {
  used: number;
  /** When the window ends and all is as new, on the clock of performance.now(). */
  readonly endsAt: number;
}

/**
 * Fixed windows, each beginning with its payer's first request. An attacker with an IPv6 network has
 * more addresses than there is memory: beyond 100,000 payers, whoever asked longest ago is forgotten,
 * and begins anew. There are no timers; what is over is overwritten.
 */
export class LocalCounters {
  readonly #usages = new LRUCache<string, Usage>({ max: MOST_PAYERS });
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @returns undefined if the payer has no window now */
  get(payer: string, now: number): Usage | undefined {
    const usage = this.#usages.get(payer);
    return usage && usage.endsAt > now ? usage : undefined;
  }

  add(payer: string, units: number, now: number): Usage {
    const usage = this.get(payer, now);
    if (!usage) return this.set(payer, units, now + this.#windowMs);
    usage.used += units;
    return usage;
  }

  /** Takes over what is counted elsewhere. */
  set(payer: string, used: number, endsAt: number): Usage {
    const usage = { used, endsAt };
    this.#usages.set(payer, usage);
    return usage;
  }
}
