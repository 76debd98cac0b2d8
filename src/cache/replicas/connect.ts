import type { SharedRedis } from '../../redis/client.ts';
import type { Log } from '../../telemetry/log.ts';
import { Replicas } from './replicas.ts';
import { createSharedTags, PURGE_CHANNEL, parsePurgeMessage } from './shared-tags.ts';

const SYNC_INTERVAL_MS = 1_000;

/** The connection to the other replicas. */
export interface ReplicaConnection {
  readonly replicas: Replicas;
  /** Calls the listener for each message of another channel, as long as Redis is connected. */
  readonly onMessage: (channel: string, listener: (text: string) => void) => void;
  /** Delivers what Redis does not know yet, if it responds. */
  readonly close: () => Promise<void>;
}

/**
 * Subscribes to the purges of other replicas, and asks for missed ones every second. Does not wait for
 * Redis.
 */
export async function connectReplicas(
  redis: SharedRedis,
  log: Pick<Log, 'warn'>,
  replicas = new Replicas(createSharedTags(redis), log),
): Promise<ReplicaConnection> {
  const subscriber = await redis.duplicate();
  const listeners = new Map([[PURGE_CHANNEL, receivePurge]]);
  subscriber.on('message', (channel: string, text: string) => listeners.get(channel)?.(text));

  function receivePurge(text: string): void {
    const message = parsePurgeMessage(text);
    if (message) replicas.receive(message);
    // Of a later release: the versions have its tags.
    else void replicas.sync();
  }

  function sync(): void {
    // Without commands, ioredis would not notice that the connection is silent, and not replace it. Until
    // then purges arrive by `sync` alone.
    if (subscriber.status === 'ready') subscriber.ping().catch(ignore);
    void replicas.sync();
  }

  function subscribe(): void {
    subscriber
      .subscribe(...listeners.keys())
      .then(replicas.sync)
      .catch(ignore);
  }

  subscriber.on('ready', subscribe);
  const timer = setInterval(sync, SYNC_INTERVAL_MS).unref();
  return {
    replicas,
    onMessage(channel, listener) {
      listeners.set(channel, listener);
      if (subscriber.status === 'ready') subscriber.subscribe(channel).catch(ignore);
    },
    async close() {
      clearInterval(timer);
      subscriber.disconnect();
      await replicas.close();
    },
  };
}

const ignore = () => undefined;
