import type { Policy } from './policy.ts';
import type { SharedCounter } from './shared-counter.ts';

/** The part of a limit that a process may charge before the shared counter has confirmed it. */
const MAX_UNCONFIRMED = 0.02;
/**
 * How long charges gather that no request waits for. A process sends at most 200 commands a second for
 * them, with one increment for each key. Gathered charges are unconfirmed, so MAX_UNCONFIRMED limits them.
 */
const GATHER_MS = 5;

interface SharedPolicy extends Pick<Policy, 'name' | 'counters'> {
  readonly windowMs: number;
}

/** Creates charges to a counter that other processes charge too. */
export function createSharedCharges(count: SharedCounter) {
  const policies: (() => Promise<unknown>[])[] = [];
  let timer: NodeJS.Timeout | undefined;

  /** Sends the gathered charges of all policies together. Never rejects. */
  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    await Promise.all(policies.flatMap((sendGathered) => sendGathered()));
  }

  /**
   * Creates the `spend` of a policy, which waits for the shared counter unless its last count is known and
   * little has been charged since. Otherwise a burst could spend a whole window in each process.
   */
  function createSpend({ name, counters, windowMs }: SharedPolicy): Policy['spend'] {
    const gathered = new Map<string, number>();

    /** @returns undefined if the key could not be counted */
    function send(key: string, units = gathered.get(key) ?? 0) {
      gathered.delete(key);
      return count({ policy: name, key, units, windowMs }).then(
        ({ used, remainingMs }) => {
          const endsAt = performance.now() + Math.min(remainingMs, windowMs);
          return counters.confirm(key, units, { used, endsAt });
        },
        () => counters.keep(key, units),
      );
    }

    policies.push(() => Array.from(gathered, ([key, units]) => send(key, units)));
    return (key, units, now, limit) => {
      const usage = counters.addUnconfirmed(key, units, now);
      gathered.set(key, (gathered.get(key) ?? 0) + units);
      if (usage.used > usage.unconfirmed && usage.unconfirmed <= limit * MAX_UNCONFIRMED) {
        timer ??= setTimeout(() => void flush(), GATHER_MS).unref();
        return usage;
      }
      // After the other policies of this request, so that all of them are in one command.
      queueMicrotask(() => void flush());
      return send(key).then((counted) => counted ?? usage);
    };
  }

  return { createSpend, flush };
}
