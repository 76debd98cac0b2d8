import type { WorkerProcess } from './worker-process.ts';

const PING_INTERVAL_MS = 1_000;
/** An overloaded worker may need seconds for an answer; one that hangs never gives it. */
const MAX_UNANSWERED = 8;

interface HeartbeatOptions {
  /** @returns the workers that should answer */
  readonly workers: () => readonly WorkerProcess[];
  readonly endUnresponsive: (worker: WorkerProcess) => void;
}

/**
 * Pings workers, and ends those that do not answer: the primary would hand connections to them for ever.
 * It counts pings instead of time, so that a pause of the primary itself ends nobody.
 * @returns the function to call for each message of a worker
 */
export function startHeartbeat({ workers, endUnresponsive }: HeartbeatOptions) {
  const unanswered = new WeakMap<WorkerProcess, number>();

  function ping(worker: WorkerProcess): void {
    const count = unanswered.get(worker) ?? 0;
    if (count === MAX_UNANSWERED) endUnresponsive(worker);
    unanswered.set(worker, count + 1);
    if (count < MAX_UNANSWERED) worker.send({ type: 'ping' });
  }

  setInterval(() => workers().forEach(ping), PING_INTERVAL_MS).unref();
  return (worker: WorkerProcess): void => void unanswered.delete(worker);
}
