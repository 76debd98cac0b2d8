import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { httpUrl } from './input.ts';
import { webhookHeaders } from './webhook.ts';

// Publishes writes to subscribers, which cache responses or tell clients of changes: the changed tags, and
// what has happened. https://www.standardwebhooks.com

const MAX_SUBSCRIBERS = 20;

export const DELIVERY_POLICY = {
  /** The time that a write waits for its deliveries, so that a slow subscriber does not delay it. */
  maxWaitMs: 500,
  attemptTimeoutMs: 2_000,
  retryDelaysMs: [100, 200, 400, 800, 1_600],
};

export type EventPublisher = ReturnType<typeof createEventPublisher>;
type Event = { id: string; body: string };

/** What has happened, to which object, and the user whose object it is. */
export type ChangeEvent = { type: string; data: { user: string; id: string } };

/** `{ urls: ['http://127.0.0.1:9400/purge'] }`, 0 to 20 URLs. */
export const subscribersSchema = z.strictObject({ urls: z.array(httpUrl).max(MAX_SUBSCRIBERS) });

/** @param secret - signs every event; the key is its UTF-8 bytes */
export function createEventPublisher(secret: string, policy = DELIVERY_POLICY) {
  const closing = new AbortController();
  let subscribers = new Set<string>();

  async function deliver(event: Event, url: string, retries = 0): Promise<void> {
    if (!subscribers.has(url) || (await attempt(event, url))) return;
    const delayMs = policy.retryDelaysMs[retries];
    if (delayMs === undefined) return;
    setTimeout(() => void deliver(event, url, retries + 1), delayMs).unref();
  }

  /** @returns false if the delivery should be retried: no response in time, or a 5xx */
  async function attempt({ id, body }: Event, url: string): Promise<boolean> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: webhookHeaders({ body, secret, id }),
        body,
        redirect: 'manual',
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(policy.attemptTimeoutMs)]),
      });
      await response.body?.cancel();
      return response.status < 500;
    } catch {
      return false;
    }
  }

  return {
    /** Replaces all subscribers; removed ones get no retries either. */
    subscribe(urls: readonly string[]) {
      subscribers = new Set(urls);
    },
    /** Resolves when the first attempt at every subscriber has ended, after `maxWaitMs` at the latest. */
    async publish(tags: readonly string[], change?: ChangeEvent): Promise<void> {
      if (tags.length === 0 || subscribers.size === 0) return;
      const event = { id: randomUUID(), body: JSON.stringify({ ...change, tags }) };
      const deliveries = [...subscribers].map((url) => deliver(event, url));
      await waitAtMost(policy.maxWaitMs, Promise.all(deliveries));
    },
    close() {
      subscribers.clear();
      closing.abort();
    },
  };
}

async function waitAtMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const timeout = sleep(ms, undefined, { ref: false, signal: done.signal });
  await Promise.race([work, timeout.catch(() => undefined)]);
  done.abort();
}
