import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 20_000;

/**
 * Polls a condition until it is true, however slow the machine is.
 * @throws Error after 20 s
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + TIMEOUT_MS;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`still not true: ${condition}`);
    await sleep(5);
  }
}
