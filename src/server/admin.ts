import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { createWebhookVerifier } from '../auth/webhook.ts';
import { badInput } from '../errors.ts';
import { createApp } from '../http/create-app.ts';
import { METRICS_PATH } from '../http/observe-requests.ts';
import type { MaybePromise } from '../maybe-promise.ts';

const MAX_TAGS = 1_000;
/** The longest is that of a list of a user with 255 percent-encoded characters. */
const TAG = /^[\w.:=&%-]{1,3200}$/;
const MAX_BODY_BYTES = 256 * 1024;
/** Longer than a message stays valid, so that a replayed one never purges again. */
const REMEMBERED_MS = 15 * 60 * 1_000;
const MAX_REMEMBERED_IDS = 100_000;

/** The text format of Prometheus. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface AdminOptions {
  readonly log: Logger;
  /** The key that signs purges; without it, `POST /purge` does not exist. */
  readonly secret: string | undefined;
  /** Returns once all workers have applied the purge, and Redis has it or did not answer in time. */
  readonly purge: (tags: readonly string[]) => MaybePromise<unknown>;
  /** Collects the metrics, in the text format of Prometheus. */
  readonly collectMetrics: () => Promise<string>;
}

/**
 * Creates the listener for operators and services: `GET /metrics`, `POST /purge`. The public must not
 * reach it.
 */
export function createAdmin({ log, secret, purge, collectMetrics }: AdminOptions): FastifyInstance {
  const app = createApp({
    log,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    notFoundMessage: secret
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
    const tags = [...new Set(readTags(bytes))];
    if (seen.has(id)) return { purged: 0 };
    seen.set(id, true);
    await purge(tags);
    return { purged: tags.length };
  });
  return app;
}

function readTags(body: Buffer): readonly string[] {
  const { tags } = parse(body);
  const areTags =
    Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && TAG.test(tag));
  if (!areTags || tags.length === 0 || tags.length > MAX_TAGS) {
    throw badInput(`"tags" must be 1 to ${MAX_TAGS} tags, such as "Order:17".`);
  }
  return tags;
}

function parse(body: Buffer): { tags?: unknown } {
  try {
    return Object(JSON.parse(body.toString()));
  } catch {
    throw badInput('The body must be JSON.');
  }
}
