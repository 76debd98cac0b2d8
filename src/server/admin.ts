import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { createWebhookVerifier } from '../auth/webhook.ts';
import { badInput } from '../errors.ts';
import { createApp } from '../http/create-app.ts';
import { METRICS_PATH } from '../http/observe-requests.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import { SERVICE_EVENT_TYPES, type ServiceEvent } from '../service-event.ts';

const MAX_TAGS = 1_000;
/** The longest is that of a list of a user with 255 percent-encoded characters. */
const TAG = /^[\w.:=&%-]{1,3200}$/;
const MAX_BODY_BYTES = 256 * 1024;
/** Longer than a message stays valid, so that a replayed one never purges again. */
const REMEMBERED_MS = 15 * 60 * 1_000;
const MAX_REMEMBERED_IDS = 100_000;

const OBJECT_ID = /^.{1,255}$/su;

/** The text format of Prometheus. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The JSON of a message. */
interface Message {
  readonly tags?: unknown;
  readonly type?: unknown;
  readonly data?: unknown;
}

/** What a service has changed. */
export interface ReceivedChange {
  /** At least one. */
  readonly tags: readonly string[];
  /** Undefined for a purge alone. */
  readonly event: ServiceEvent | undefined;
}

interface AdminOptions {
  readonly log: Logger;
  /** The key that signs purges; without it, `POST /purge` does not exist. */
  readonly secret: string | undefined;
  /**
   * Purges the tags, and then sends the event to subscriptions. Returns once all workers have applied the
   * purge, and Redis has it or did not answer in time.
   */
  readonly receive: (change: ReceivedChange) => MaybePromise<unknown>;
  /** Collects the metrics, in the text format of Prometheus. */
  readonly collectMetrics: () => Promise<string>;
}

/**
 * Creates the listener for operators and services: `GET /metrics`, `POST /purge`. The public must not
 * reach it.
 */
export function createAdmin({
  log,
  secret,
  receive,
  collectMetrics,
}: AdminOptions): FastifyInstance {
  const app = createApp({
    log,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    notFoundMessage: () =>
      secret
        ? 'Only GET /metrics and POST /purge exist here.'
        : 'Only GET /metrics exists here. Set PURGE_SECRET to accept purges.',
  });
  app.get(METRICS_PATH, async (_request, reply) => {
    reply.type(METRICS_TYPE);
    return collectMetrics();
  });
  if (secret === undefined) return app;

  const verify = createWebhookVerifier(secret);
  // With `max`, all of its memory is allocated at once.
  const seen = new LRUCache<string, true>({
    maxSize: MAX_REMEMBERED_IDS,
    sizeCalculation: () => 1,
    ttl: REMEMBERED_MS,
  });
  // The signature covers the bytes, which are parsed only after it is verified.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/purge', async ({ headers, body }) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const id = verify(headers, bytes);
    const message = parse(bytes);
    const tags = [...new Set(readTags(message))];
    const event = readEvent(id, message);
    if (seen.has(id)) return { purged: 0 };
    seen.set(id, true);
    await receive({ tags, event });
    return { purged: tags.length };
  });
  return app;
}

function readTags({ tags }: Message): readonly string[] {
  const areTags =
    Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && TAG.test(tag));
  if (!areTags || tags.length === 0 || tags.length > MAX_TAGS) {
    throw badInput(`"tags" must be 1 to ${MAX_TAGS} tags, such as "Order:17".`);
  }
  return tags;
}

/** @returns undefined for a purge alone, and for types of events that no subscription is about */
function readEvent(id: string, { type, data }: Message): ServiceEvent | undefined {
  const known = SERVICE_EVENT_TYPES.find((name) => name === type);
  if (known === undefined) return undefined;
  const { user, id: object } = Object(data);
  if ([user, object].every((value) => typeof value === 'string' && OBJECT_ID.test(value))) {
    return { id, type: known, user, object };
  }
  throw badInput(`"data" of ${known} must have a "user" and an "id", 1 to 255 characters each.`);
}

function parse(body: Buffer): Message {
  try {
    return Object(JSON.parse(body.toString()));
  } catch {
    throw badInput('The body must be JSON.');
  }
}
