import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { BffError } from '../errors.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';
const MAX_HEADERS = 1_000;
const MAX_HEADER_LENGTH = 1_024;

/**
 * Chooses the media type of responses (RFC 9110 §12.5.1).
 * @param offered - the types besides JSON
 * @param refusal - the message for clients that accept none of the types
 * @returns a function that returns one of the types
 * @throws BffError BAD_REQUEST with status 406 if the client accepts none of them
 */
export function createTypeChooser(offered: readonly string[], refusal: string) {
  const types = [JSON_TYPE, ...offered];
  // Clients send few distinct headers.
  const chosen = new LRUCache<string, string>({ max: MAX_HEADERS });

  return (accept: string | undefined): string => {
    if (!accept || accept === '*/*' || accept === 'application/json') return JSON_TYPE;
    const known = chosen.get(accept);
    if (known) return known;
    const type = new Negotiator({ headers: { accept } }).mediaType(types);
    if (!type) throw new BffError('BAD_REQUEST', refusal, { status: 406 });
    if (accept.length <= MAX_HEADER_LENGTH) chosen.set(accept, type);
    return type;
  };
}
