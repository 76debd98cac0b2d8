import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { badInput } from '../errors.ts';
import type { Named } from '../operations/index.ts';

/** What is asked, as far as it has the form that GraphQL over HTTP gives it. */
export interface GraphqlRequest extends Named {
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

type Parameters = Partial<Record<'query' | 'operationName' | 'variables' | 'extensions', unknown>>;

const MOST_ADDRESSES = 1_000;
const LONGEST_ADDRESS = 2_000;

/** Reads what is asked; the same addresses come again and again, so that the last ones are known. */
export function createRequestReader() {
  const known = new LRUCache<string, GraphqlRequest>({ max: MOST_ADDRESSES });

  /**
   * @returns undefined for anything unusual, which Apollo Server has the right words for
   * @throws BffError BAD_USER_INPUT for text that is not well-formed
   */
  return ({ method, url, body }: FastifyRequest): GraphqlRequest | undefined => {
    if (method === 'POST') return toGraphqlRequest(body);
    const found = known.get(url) ?? toGraphqlRequest(parametersOf(url));
    if (found && url.length <= LONGEST_ADDRESS) known.set(url, found);
    return found;
  };
}

/** @param given - a POST's JSON, or a GET's query */
function toGraphqlRequest(given: unknown): GraphqlRequest | undefined {
  if (!isRecord(given)) return undefined;
  const { query, operationName, variables, extensions } = given as Parameters;
  const { persistedQuery } = isRecord(extensions) ? extensions : {};
  const { version, sha256Hash } = isRecord(persistedQuery) ? persistedQuery : {};
  const isUsual =
    isTextOrNothing(query) &&
    isTextOrNothing(operationName) &&
    isTextOrNothing(sha256Hash) &&
    (isNothing(variables) || isRecord(variables)) &&
    (isNothing(extensions) || isRecord(extensions)) &&
    (isNothing(persistedQuery) || (version === 1 && typeof sha256Hash === 'string'));
  if (!isUsual || query === '') return undefined;
  // Half of a surrogate pair has no bytes of its own, and so the hash of another text.
  if (query?.isWellFormed() === false) throw badInput('The query must be well-formed Unicode.');
  return {
    query: query ?? undefined,
    sha256Hash: sha256Hash ?? undefined,
    operationName: operationName ?? undefined,
    variables: (variables as GraphqlRequest['variables'] | null | undefined) ?? {},
  };
}

function parametersOf(url: string): Parameters | undefined {
  const search = new URLSearchParams(searchOf(url));
  const texts = Object.fromEntries(search);
  // A parameter that is given twice has no meaning.
  if (Object.keys(texts).length !== search.size) return undefined;
  try {
    const { variables, extensions, ...rest } = texts;
    return {
      ...rest,
      ...(variables !== undefined && { variables: parseRecord(variables) }),
      ...(extensions !== undefined && { extensions: parseRecord(extensions) }),
    };
  } catch {
    return undefined;
  }
}

function parseRecord(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json);
  if (!isRecord(value)) throw new SyntaxError('not an object');
  return value;
}

export function searchOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}

const isNothing = (value: unknown): value is null | undefined => value == null;

const isTextOrNothing = (value: unknown): value is string | null | undefined =>
  isNothing(value) || typeof value === 'string';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
