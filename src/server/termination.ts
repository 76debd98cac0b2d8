import { constants } from 'node:os';

/** How long after a signal npm may forward its own copy of it, in milliseconds. */
const NPM_FORWARD_MS = 200;

interface TerminationOptions {
  readonly signals: readonly NodeJS.Signals[];
  /** Whether npm starts the process, and so forwards signals. */
  readonly isRunByNpm: boolean;
  /** Called at the first signal. */
  readonly drain: () => void;
  /** Called at the second signal, just before the process exits. */
  readonly abort?: () => void;
}

/**
 * Drains the process at the first signal. The second one exits at once with 128 + its number (143 for
 * SIGTERM, 130 for SIGINT), as shells report it.
 *
 * npm forwards the signals that it gets. Ctrl-C, or a supervisor that signals a whole process group,
 * reaches this process as well, which then gets the same signal twice: those two count as one.
 */
export function onTermination({ signals, isRunByNpm, drain, abort }: TerminationOptions): void {
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;

  function receive(signal: NodeJS.Signals): void {
    const now = performance.now();
    if (first === undefined) {
      first = { signal, at: now };
      drain();
    } else if (!isRunByNpm || signal !== first.signal || now - first.at > NPM_FORWARD_MS) {
      abort?.();
      process.exit(128 + constants.signals[signal]);
    }
  }

  for (const signal of signals) process.on(signal, receive);
}
