import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { httpUrl, read } from './input.ts';
import { webhookHeaders } from './webhook.ts';

// What writes have changed, told to whoever keeps copies: https://www.standardwebhooks.com

const MOST_SUBSCRIBERS = 20;
/** No answer waits longer: a subscriber that is slow or down must not hold up a write. */
const ANSWER_WAITS_MS = 500;
const ATTEMPT_MS = 2_000;
const MOST_REPEATS = 5;
/** Doubles with every repeat. */
const FIRST_PAUSE_MS = 100;

export type Events = ReturnType<typeof createEvents>;
type Event = { id: string; body: string };

const subscribers = z.strictObject({ urls: z.array(httpUrl).max(MOST_SUBSCRIBERS) });

/** `{ urls: ['http://127.0.0.1:9400/purge'] }` → the URLs, 0 to 20. */
export const readSubscribers = (value: unknown): string[] => read(subscribers, value, 400).urls;

/** @param secret - signs every event; the key is its UTF-8 bytes */
export function createEvents(secret: string) {
  const closing = new AbortController();
  let subscribed = new Set<string>();

  async function deliver(event: Event, url: string, repeats = 0): Promise<void> {
    if (!subscribed.has(url) || (await isSettled(event, url)) || repeats === MOST_REPEATS) return;
    const pauseMs = FIRST_PAUSE_MS * 2 ** repeats;
    setTimeout(() => void deliver(event, url, repeats + 1), pauseMs).unref();
  }

  /** One attempt: whether the subscriber has taken the event, or refused it for good. */
  async function isSettled({ id, body }: Event, url: string): Promise<boolean> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: webhookHeaders({ body, secret, id }),
        body,
        redirect: 'manual',
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(ATTEMPT_MS)]),
      });
      await response.body?.cancel();
      return response.status < 500;
    } catch {
      return false;
    }
  }

  return {
    /** Replaces all subscribers; those that are left out get no repeats either. */
    subscribe(urls: readonly string[]) {
      subscribed = new Set(urls);
    },
    /** Resolves when every subscriber was told or could not be, after 500 ms at the latest. */
    async publish(tags: readonly string[]): Promise<void> {
      if (tags.length === 0 || subscribed.size === 0) return;
      const event = { id: randomUUID(), body: JSON.stringify({ tags }) };
      const deliveries = [...subscribed].map((url) => deliver(event, url));
      await atMost(ANSWER_WAITS_MS, Promise.all(deliveries));
    },
    close() {
      subscribed.clear();
      closing.abort();
    },
  };
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const limit = sleep(ms, undefined, { ref: false, signal: done.signal });
  await Promise.race([work, limit.catch(() => undefined)]);
  done.abort();
}
