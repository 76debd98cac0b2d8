import { mock } from 'node:test';

/** Timers of this length are the deadlines of requests; all other timers are shorter or longer. */
export const DEADLINE_MS = 60_000;
/** The time that may pass before a request starts its timer. */
const TOLERANCE_MS = 20_000;

/** Lets the deadlines of requests pass when a test wants it. `using` ends the control. */
export function controlDeadlines() {
  const start = globalThis.setTimeout;
  const deadlines = new Map<NodeJS.Timeout, () => void>();
  const control = mock.method(
    globalThis,
    'setTimeout',
    (callback: () => void, delayMs?: number, ...args: []) => {
      const timer = start(callback, delayMs, ...args);
      const isDeadline = delayMs && delayMs <= DEADLINE_MS && delayMs > DEADLINE_MS - TOLERANCE_MS;
      if (isDeadline) deadlines.set(timer, callback);
      return timer;
    },
  );
  return {
    /** Ends the time of every request that waits. */
    expire(): void {
      for (const [timer, callback] of deadlines) {
        clearTimeout(timer);
        callback();
      }
      deadlines.clear();
    },
    [Symbol.dispose]: () => control.mock.restore(),
  };
}
