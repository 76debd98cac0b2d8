import { EventEmitter } from 'node:events';
import type { Purge, PurgeChannel } from '../../cache/index.ts';
import type { EventPeers } from '../../events/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { type Count, createBatchedCounter, type SharedCounter } from '../../traffic/index.ts';
import type { PrimaryMessage, WorkerMessage } from './messages.ts';
import { Replies } from './replies.ts';

/** Longer than the primary waits for a worker that hangs, and for its end. */
const PUBLISH_TIMEOUT_MS = 3_000;
/** A request waits no longer for its count; then it is counted here. */
const COUNT_TIMEOUT_MS = 100;
/** The time after such a wait in which all requests are counted here. */
const COUNT_PAUSE_MS = 1_000;

export interface PrimaryLink {
  readonly send: (message: WorkerMessage) => void;
  /** Sends a message, and resolves when the process may exit without losing it. */
  readonly sendLast: (message: WorkerMessage) => Promise<void>;
  /** Calls the listener for each message of this type. */
  readonly on: <T extends PrimaryMessage['type']>(
    type: T,
    listener: (message: Extract<PrimaryMessage, { type: T }>) => void,
  ) => void;
}

/** Opens the connection of a worker to its primary. */
export function openPrimaryLink(): PrimaryLink {
  const messages = new EventEmitter();
  process.on('message', (message: PrimaryMessage) => messages.emit(message.type, message));
  // Other code of the process may have unreferenced it, and a worker that starts has nothing else open.
  process.channel?.ref();
  const sendLast = (message: WorkerMessage) =>
    new Promise<void>((resolve) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
      else resolve();
    });
  return {
    send: (message) => void sendLast(message),
    sendLast,
    on: (type, listener) => void messages.on(type, listener),
  };
}

/** Creates the channel that carries purges to the other workers. */
export function createClusterPurgeChannel({ send, on }: PrimaryLink, log: Log): PurgeChannel {
  const replies = new Replies<true>();
  on('published', ({ id }) => replies.receive(id, true));

  return {
    async publish(purge: Purge) {
      const isConfirmed = await replies.request(PUBLISH_TIMEOUT_MS, (id) =>
        send({ type: 'publish', id, purge }),
      );
      if (isConfirmed) return;
      log.error({ timeoutMs: PUBLISH_TIMEOUT_MS }, 'purge not confirmed by the primary');
    },
    onPurge(apply) {
      on('purge', ({ id, purge }) => {
        apply(purge);
        send({ type: 'applied', id });
      });
      on('welcome', ({ purges }) => {
        for (const purge of purges) apply(purge);
      });
    },
  };
}

/** Creates the source of the events that the primary gets from services. */
export const createClusterEvents = ({ on }: PrimaryLink): EventPeers => ({
  onEvent: (listener) => on('event', ({ event }) => listener(event)),
});

/** Creates the counter that the primary has for all workers. */
export function createClusterCounter({ send, on }: PrimaryLink, log: Log): SharedCounter {
  const replies = new Replies<readonly Count[]>();
  let pausedUntil = -Infinity;
  on('counted', ({ id, counts }) => replies.receive(id, counts));

  function pause(): void {
    const now = performance.now();
    if (now >= pausedUntil)
      log.warn('primary does not respond: rate limits are counted per worker');
    pausedUntil = now + COUNT_PAUSE_MS;
  }

  return createBatchedCounter(async (increments) => {
    if (performance.now() >= pausedUntil) {
      const counts = await replies.request(COUNT_TIMEOUT_MS, (id) =>
        send({ type: 'count', id, increments }),
      );
      if (counts) return counts;
      pause();
    }
    throw new Error('the primary is slow');
  });
}
