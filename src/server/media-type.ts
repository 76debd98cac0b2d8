import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';

const JSON_TYPE = 'application/json; charset=utf-8';
const OFFERED = [
  JSON_TYPE,
  'application/graphql-response+json; charset=utf-8',
  'text/html; charset=utf-8',
];
const MOST_HEADERS = 1_000;
const LONGEST_HEADER = 1_024;

/**
 * Chooses the type of an answer that is kept.
 * @returns undefined if the client takes neither form of JSON, or would rather have a page
 */
export function createMediaTypeChooser() {
  const chosen = new LRUCache<string, string>({ max: MOST_HEADERS });

  return (accept: string | undefined): string | undefined => {
    if (!accept || accept === '*/*' || accept === 'application/json') return JSON_TYPE;
    if (accept.length > LONGEST_HEADER) return undefined;
    const known = chosen.get(accept) ?? new Negotiator({ headers: { accept } }).mediaType(OFFERED);
    chosen.set(accept, known ?? '');
    return known?.includes('json') ? known : undefined;
  };
}
