import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { BffError } from '../../errors.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';
const MAX_HEADERS = 1_000;
const MAX_HEADER_LENGTH = 1_024;
const NAMES_JSON = /\bapplication\/json\b/i;

/**
 * Chooses the media type of responses (GraphQL over HTTP, §6.1).
 * @param hasLandingPage - true if a GET may get HTML
 * @returns a function that returns one of the two JSON types or HTML
 * @throws BffError BAD_REQUEST with status 406 if the client accepts none of them
 */
export function createMediaTypeChooser(hasLandingPage: boolean) {
  const chooseForPost = createChooser([JSON_TYPE, GRAPHQL_TYPE]);
  const chooseForGet = hasLandingPage
    ? createChooser([JSON_TYPE, GRAPHQL_TYPE, HTML])
    : chooseForPost;

  return (accept: string | undefined, isGet: boolean): string =>
    isGet ? chooseForGet(accept) : chooseForPost(accept);
}

function createChooser(offered: string[]) {
  // Clients send few distinct headers.
  const chosen = new LRUCache<string, string>({ max: MAX_HEADERS });

  return (accept: string | undefined): string => {
    if (!accept || accept === '*/*' || accept === 'application/json') return JSON_TYPE;
    const known = chosen.get(accept);
    if (known) return known;
    const type = new Negotiator({ headers: { accept } }).mediaType(offered);
    if (!type) throw notAcceptable();
    if (accept.length <= MAX_HEADER_LENGTH) chosen.set(accept, type);
    return type;
  };
}

/** Chooses the media type of errors: JSON for clients that accept neither type. */
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
 * True for clients that know only `application/json`. They get 200 for a document or variables that
 * are not valid (GraphQL over HTTP, §6.4.1).
 */
export const isLegacy = (accept: string | undefined): boolean =>
  accept !== undefined && NAMES_JSON.test(accept) && !accept.includes('graphql-response+json');

const notAcceptable = () =>
  new BffError(
    'BAD_REQUEST',
    'Responses are application/json or application/graphql-response+json; "Accept" allows neither.',
    { status: 406 },
  );
