import type { Purge, PurgeChannel } from '../../cache/index.ts';
import type { Log } from '../../telemetry/log.ts';
import { type Count, createBatchedCounter, type SharedCounter } from '../../traffic/index.ts';
import type { PrimaryMessage, WorkerMessage } from './messages.ts';

/** Longer than the primary waits for a worker that hangs, and for its end. */
const PUBLISH_TIMEOUT_MS = 3_000;
/** A request waits no longer for its count; then it is counted here. */
const COUNT_TIMEOUT_MS = 100;
/** The time after such a wait in which all requests are counted here. */
const COUNT_PAUSE_MS = 1_000;

interface PrimaryLink {
  readonly send: (message: WorkerMessage) => void;
  /** Sends the last message of this process. */
  readonly sendLast: (message: WorkerMessage) => Promise<void>;
  /** Calls the listener for each message of this type. */
  readonly on: <T extends PrimaryMessage['type']>(
    type: T,
    listener: (message: Extract<PrimaryMessage, { type: T }>) => void,
  ) => void;
}

/** Opens the connection of a worker to its primary. */
export function openPrimaryLink(): PrimaryLink {
  const listeners = new Map<string, ((message: never) => void)[]>();
  process.on('message', (message: PrimaryMessage) => {
    for (const listener of listeners.get(message.type) ?? []) listener(message as never);
  });
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
    on(type, listener) {
      listeners.set(type, [...(listeners.get(type) ?? []), listener]);
    },
  };
}

/** Creates the channel that carries purges to the other workers. */
export function createClusterPurgeChannel({ send, on }: PrimaryLink, log: Log): PurgeChannel {
  const published = new Map<number, () => void>();
  let lastId = 0;
  on('published', ({ id }) => published.get(id)?.());

  return {
    publish(purge: Purge) {
      const id = ++lastId;
      const { promise, resolve } = Promise.withResolvers<void>();
      const settle = () => {
        clearTimeout(timer);
        published.delete(id);
        resolve();
      };
      const timer = setTimeout(() => {
        log.error({ timeoutMs: PUBLISH_TIMEOUT_MS }, 'purge not confirmed by the primary');
        settle();
      }, PUBLISH_TIMEOUT_MS);
      published.set(id, settle);
      send({ type: 'publish', id, purge });
      return promise;
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

/** Creates the counter that the primary has for all workers. */
export function createClusterCounter({ send, on }: PrimaryLink, log: Log): SharedCounter {
  const waiting = new Map<number, (counts: readonly Count[]) => void>();
  let lastId = 0;
  let pausedUntil = -Infinity;
  on('counted', ({ id, counts }) => waiting.get(id)?.(counts));

  return createBatchedCounter(async (increments) => {
    if (performance.now() < pausedUntil) throw new Error('the primary is slow');
    const id = ++lastId;
    const { promise, resolve, reject } = Promise.withResolvers<readonly Count[]>();
    waiting.set(id, resolve);
    const pause = () => {
      if (!waiting.has(id)) return;
      if (performance.now() >= pausedUntil) {
        log.warn('primary does not respond: rate limits are counted per worker');
      }
      pausedUntil = performance.now() + COUNT_PAUSE_MS;
      reject(new Error('the primary is slow'));
    };
    // If this process was busy, the answer may have arrived but not been read.
    const timer = setTimeout(() => setImmediate(pause), COUNT_TIMEOUT_MS);
    send({ type: 'count', id, increments });
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(id);
    });
  });
}
