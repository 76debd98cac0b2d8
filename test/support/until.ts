import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 20_000;
const MIN_PAUSE_MS = 5;
const MAX_PAUSE_MS = 25;

/**
 * Polls a condition until it is true, however slow the machine is. Pauses for longer than the condition
 * takes, because it may be a request to what is waited for.
 * @throws Error after 20 s
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + TIMEOUT_MS;
  for (;;) {
    const start = performance.now();
    if (await condition()) return;
    if (start > end) throw new Error(`still not true: ${condition}`);
    const pauseMs = 3 * (performance.now() - start);
    await sleep(Math.min(Math.max(pauseMs, MIN_PAUSE_MS), MAX_PAUSE_MS));
  }
}
