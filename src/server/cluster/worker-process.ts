import cluster, { type Worker } from 'node:cluster';
import type { PrimaryMessage, WorkerMessage } from './messages.ts';
import { redistributeUnread } from './unread-connections.ts';

/** A worker process. */
export interface WorkerProcess {
  readonly id: number;
  readonly send: (message: PrimaryMessage) => void;
  readonly kill: () => void;
}

export type WorkerEnd =
  | { readonly code: number | null; readonly signal: string | null }
  /** The process could not be created, such as without file descriptors. */
  | { readonly spawnError: Error };

interface SpawnedWorker extends WorkerProcess {
  /** Resolves after its last messages, and never rejects. */
  readonly ended: Promise<WorkerEnd>;
}

/** Starts a worker process. A failure is its end, and not an error. */
export function spawnWorker(onMessage: (message: WorkerMessage) => void): SpawnedWorker {
  const ended = Promise.withResolvers<WorkerEnd>();
  let worker: Worker;
  try {
    worker = cluster.fork();
  } catch (error) {
    // Node.js throws some errors of the system, and emits others.
    ended.resolve({ spawnError: error as Error });
    return { id: 0, send() {}, kill() {}, ended: ended.promise };
  }
  // Such as of a message to a worker that has just ended, which `close` reports.
  worker.on('error', () => {});
  if (worker.process.pid === undefined) {
    worker.once('error', (spawnError) => {
      // Its `exit`, which node:cluster waits for, never comes.
      if (worker.isConnected()) worker.process.disconnect();
      worker.disconnect();
      ended.resolve({ spawnError });
    });
  } else {
    redistributeUnread(worker);
    worker.on('message', onMessage);
    // After `exit`, and after its last messages.
    worker.process.once('close', (code, signal) => ended.resolve({ code, signal }));
  }
  return {
    id: worker.id,
    // Without a callback, a message to a worker that has ended is an error.
    send: (message) => void (worker.isConnected() && worker.send(message, () => {})),
    kill: () => void worker.process.kill('SIGKILL'),
    ended: ended.promise,
  };
}
