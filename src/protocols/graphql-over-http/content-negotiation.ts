import { createTypeChooser, JSON_TYPE } from '../media-type.ts';

const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';
const NAMES_JSON = /\bapplication\/json\b/i;
const NOT_ACCEPTABLE =
  'Responses are application/json or application/graphql-response+json; "Accept" allows neither.';

/**
 * Chooses the media type of responses (GraphQL over HTTP, §6.1).
 * @param hasLandingPage - true if a GET may get HTML
 * @returns a function that returns one of the two JSON types or HTML
 * @throws BffError BAD_REQUEST with status 406 if the client accepts none of them
 */
export function createMediaTypeChooser(hasLandingPage: boolean) {
  const chooseForPost = createTypeChooser([GRAPHQL_TYPE], NOT_ACCEPTABLE);
  const chooseForGet = hasLandingPage
    ? createTypeChooser([GRAPHQL_TYPE, HTML], NOT_ACCEPTABLE)
    : chooseForPost;

  return (accept: string | undefined, isGet: boolean): string =>
    isGet ? chooseForGet(accept) : chooseForPost(accept);
}

/** Chooses the media type of errors: JSON for clients that accept neither type. */
export function createErrorTypeChooser() {
  const choose = createTypeChooser([GRAPHQL_TYPE], NOT_ACCEPTABLE);
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
