import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import { createWebhookVerifier } from '../auth/webhook.ts';
import { badInput } from '../errors.ts';
import { createApp } from '../http/create-app.ts';

const MOST_TAGS = 1_000;
const TAG = /^[\w.:=&%-]{1,200}$/;
const MOST_BYTES = 256 * 1024;
/** Longer than a message's time may be off, so that none is taken twice. */
const REMEMBERED_MS = 15 * 60 * 1_000;
const MOST_REMEMBERED = 100_000;

interface AdminOptions {
  readonly log: FastifyBaseLogger;
  /** What purges are signed with; without it none are taken. */
  readonly secret: string | undefined;
  readonly purge: (tags: readonly string[]) => void;
}

/** The listener for operators and services, which the public must not reach: `POST /purge`. */
export function createAdmin({ log, secret, purge }: AdminOptions): FastifyInstance {
  const app = createApp({
    loggerInstance: log,
    bodyLimit: MOST_BYTES,
    forceCloseConnections: true,
    notFoundMessage: secret
      ? 'There is nothing here but POST /purge.'
      : 'There is nothing here: purges need a PURGE_SECRET.',
  });
  if (secret === undefined) return app;

  const verify = createWebhookVerifier(secret);
  const seen = new LRUCache<string, true>({ max: MOST_REMEMBERED, ttl: REMEMBERED_MS });
  // The signature is over the bytes, so that they are not parsed before it is checked.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post('/purge', async ({ headers, body }) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
    const id = verify(headers, bytes);
    const tags = [...new Set(readTags(bytes))];
    if (seen.has(id)) return { purged: 0 };
    seen.set(id, true);
    purge(tags);
    return { purged: tags.length };
  });
  return app;
}

function readTags(body: Buffer): readonly string[] {
  const { tags } = parse(body);
  const areTags =
    Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && TAG.test(tag));
  if (!areTags || tags.length === 0 || tags.length > MOST_TAGS) {
    throw badInput(`"tags" must be 1 to ${MOST_TAGS} tags, such as "Order:17".`);
  }
  return tags;
}

function parse(body: Buffer): { tags?: unknown } {
  try {
    return Object(JSON.parse(body.toString()));
  } catch {
    throw badInput('The body is not JSON.');
  }
}
