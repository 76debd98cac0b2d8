import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import type { BffServer } from './create-server.ts';

/** The time that requests in flight get, after the drain delay. */
export const CLOSE_TIMEOUT_MS = 10_000;
/** How long after a signal npm may forward its own copy of it. */
const NPM_FORWARD_MS = 200;
/** The signals that npm forwards. */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/**
 * Events after which the process should end as Node.js ends it. A fault of the process itself
 * (SIGSEGV) would let it hang if it had a listener, and `beforeExit` has an exit code.
 */
const SKIPPED_EVENTS = [
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGILL',
  'SIGSEGV',
  'SIGTRAP',
  'beforeExit',
] as const;

interface TerminationOptions {
  /** Whether npm starts the process, and so forwards signals. */
  readonly isRunByNpm: boolean;
  /** What signals do that do not close the process. */
  readonly handlers?: Readonly<Partial<Record<NodeJS.Signals, () => void>>>;
  /** The time after which a process that is still closing ends with 1. */
  readonly closeTimeoutMs: number;
  /** Logs the reasons for which closing is cut short. */
  readonly logger: { error(message: unknown): void };
  /** Logs an uncaught exception or an unhandled rejection. */
  readonly logCrash: (error: unknown) => void;
  /** Closes what the process has opened. */
  readonly close: () => Promise<void>;
  /** Called at the second signal, just before the process exits. */
  readonly abort?: () => void;
}

/** Takes new requests for the drain delay, and then waits for the requests in flight. */
export async function drainAndClose(
  { drain, app }: Pick<BffServer, 'drain' | 'app'>,
  drainDelayMs: number,
): Promise<void> {
  drain();
  await sleep(drainDelayMs);
  await app.close();
}

/** Creates the function that logs an uncaught exception or an unhandled rejection. */
export const createCrashLog =
  (log: Pick<Logger, 'fatal'>) =>
  (error: unknown): void =>
    log.fatal({ err: error ?? new Error('rejection without a reason') }, 'process crashed');

/**
 * Closes the process at the first signal, and ends it with 0; an uncaught exception or unhandled
 * rejection closes it too, and ends it with 1. The second signal ends it immediately with 128 + its
 * number (143 for SIGTERM, 130 for SIGINT), as shells report it. An error while the process is closing
 * is logged as a crash and ends it immediately with 1.
 *
 * npm forwards the signals that it gets. Ctrl-C, or a supervisor that signals a whole process group,
 * reaches this process as well, which then gets the same signal twice: those two count as one.
 * @returns a function that closes the process like a first signal
 */
export function closeOnTermination(options: TerminationOptions): () => void {
  const { isRunByNpm, handlers = {}, closeTimeoutMs, logger, logCrash, close, abort } = options;
  const handled = Object.keys(handlers) as NodeJS.Signals[];
  const forwarded = FORWARDED_SIGNALS.filter((signal) => isRunByNpm && !handlers[signal]);
  let closing: { readonly signal: NodeJS.Signals | undefined; readonly at: number } | undefined;

  const exitNow = (signal: NodeJS.Signals): never => {
    abort?.();
    process.exit(128 + constants.signals[signal]);
  };
  const graceful = closeWithGrace(
    {
      delay: closeTimeoutMs,
      logger,
      skip: [...SKIPPED_EVENTS, ...forwarded, ...(handled as typeof forwarded)],
      onSecondSignal: exitNow,
      onSecondError: logCrash,
    },
    async (reason) => {
      closing ??= { signal: reason.signal, at: performance.now() };
      const isCrash = 'err' in reason;
      if (isCrash) logCrash(reason.err);
      await close();
      // Without this, a rejection with the value undefined would end the process with 0.
      if (isCrash) process.exit(1);
    },
  );
  for (const signal of handled) process.on(signal, () => handlers[signal]?.());
  for (const signal of forwarded) {
    process.on(signal, () => {
      const now = performance.now();
      if (closing === undefined) {
        closing = { signal, at: now };
        graceful.close();
      } else if (signal !== closing.signal || now - closing.at > NPM_FORWARD_MS) exitNow(signal);
    });
  }
  return () => graceful.close();
}
