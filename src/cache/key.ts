import { hash } from 'node:crypto';

/**
 * One text for all that may change an answer. Each part is preceded by its length, so that no two
 * lists of parts are the same text, whatever is in them.
 */
export const joinKeyParts = (parts: readonly string[]): string =>
  parts.map((part) => `${part.length}:${part}`).join('');

/** A short name for a key of any length: SHA-256, as base64url. */
export const hashKey = (key: string): string => hash('sha256', key, 'base64url');
