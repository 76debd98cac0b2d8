import { setTimeout as delay } from 'node:timers/promises';
import type { SharedRedis } from '../../redis/client.ts';

/** The time for which a command is tried again. */
const MAX_RETRY_MS = 250;
const RETRY_INTERVAL_MS = 20;

/**
 * Runs commands for sessions, which have no fallback within the process: one that fails is tried again for a
 * quarter of a second, since its budget of milliseconds is that of a cache. So a command must have the same
 * effect when it runs twice.
 */
export const withRetries = ({ run }: Pick<SharedRedis, 'run'>): Pick<SharedRedis, 'run'> => ({
  async run(work) {
    const endsAt = performance.now() + MAX_RETRY_MS;
    for (;;) {
      try {
        return await run(work);
      } catch (error) {
        if (performance.now() >= endsAt) throw error;
        await delay(RETRY_INTERVAL_MS);
      }
    }
  },
});
