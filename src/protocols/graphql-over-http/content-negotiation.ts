import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { BffError } from '../../errors.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
export const PAGE_TYPE = 'text/html; charset=utf-8';
const MOST_HEADERS = 1_000;
const LONGEST_HEADER = 1_024;
const NAMES_JSON = /\bapplication\/json\b/i;

/**
 * Chooses the type of an answer (GraphQL over HTTP, §6.1).
 * @param hasPage - whether those who would rather read a page get one
 * @returns one of both forms of JSON, or PAGE_TYPE for a GET
 * @throws BffError BAD_REQUEST with `status` 406 if the client takes none of them
 */
export function createMediaTypeChooser(hasPage: boolean) {
  const ofPosts = createChooser([JSON_TYPE, GRAPHQL_TYPE]);
  const ofReads = hasPage ? createChooser([JSON_TYPE, GRAPHQL_TYPE, PAGE_TYPE]) : ofPosts;

  return (accept: string | undefined, isRead: boolean): string =>
    isRead ? ofReads(accept) : ofPosts(accept);
}

function createChooser(offered: string[]) {
  const chosen = new LRUCache<string, string>({ max: MOST_HEADERS });

  return (accept: string | undefined): string => {
    if (!accept || accept === '*/*' || accept === 'application/json') return JSON_TYPE;
    const known = chosen.get(accept);
    if (known) return known;
    const made = new Negotiator({ headers: { accept } }).mediaType(offered);
    if (!made) throw notAcceptable();
    if (accept.length <= LONGEST_HEADER) chosen.set(accept, made);
    return made;
  };
}

/** The type of an error: JSON for those who take nothing that we have. */
export function createErrorTypeChooser() {
  const choose = createChooser([JSON_TYPE, GRAPHQL_TYPE]);
  return (accept: string | undefined): string => {
    try {
      return choose(accept);
    } catch {
      return JSON_TYPE;
    }
  };
}

/**
 * Whether the client knows the form of before the specification alone, in which documents and
 * variables that are wrong are answered with 200 (GraphQL over HTTP, §6.4.1).
 */
export const isLegacy = (accept: string | undefined): boolean =>
  accept !== undefined && NAMES_JSON.test(accept) && !accept.includes('graphql-response+json');

const notAcceptable = () =>
  new BffError(
    'BAD_REQUEST',
    'Answers are application/json or application/graphql-response+json: "Accept" takes neither.',
    { status: 406 },
  );
