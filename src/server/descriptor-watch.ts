import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Log } from '../telemetry/log.ts';

const CHECK_INTERVAL_MS = 1_000;
const LOG_INTERVAL_MS = 60_000;
/** Too many open files in this process, or on this machine. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE']);

/**
 * Logs once a minute that there are no file descriptors left. New connections are then closed as soon
 * as they are accepted, by libuv and without an event, so the check opens a file.
 */
export function watchFileDescriptors(log: Log): void {
  let loggedAt = -Infinity;
  const check = () => {
    try {
      closeSync(openSync(devNull, 'r'));
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!EXHAUSTED.has(code) || performance.now() - loggedAt < LOG_INTERVAL_MS) return;
      loggedAt = performance.now();
      log.error({ code }, 'no file descriptors left, new connections are closed');
    }
  };
  setInterval(check, CHECK_INTERVAL_MS).unref();
}
