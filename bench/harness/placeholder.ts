import { randomBytes } from 'node:crypto';

/**
 * In a request body, the load generator replaces this text with a new alias of the same length each
 * time it sends the request, so that the server has never seen the document before.
 */
export const PLACEHOLDER = 'unseen_placeholder';

/** First half of all aliases of one load generator run; no other run has the same. */
export const randomTag = (): string => `n${randomBytes(4).toString('hex')}`;
