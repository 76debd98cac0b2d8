import { hash } from 'node:crypto';

/**
 * One name for all that may change an answer. Each part is preceded by its length, so that no two
 * lists of parts are the same text, whatever is in them.
 * @returns SHA-256, as base64url
 */
export const keyOf = (parts: readonly string[]): string =>
  hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'base64url');
