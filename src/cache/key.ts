import { hash } from 'node:crypto';

/**
 * Joins everything that may change a response into one key. Each part is preceded by its length, so
 * that different lists never give the same key, whatever the parts contain.
 */
export function joinKeyParts(parts: readonly string[]): string {
  let key = '';
  for (const part of parts) key += `${part.length}:${part}`;
  return key;
}

/** A short name for a key of any length: SHA-256, as base64url. */
export const hashKey = (key: string): string => hash('sha256', key, 'base64url');
