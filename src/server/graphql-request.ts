import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
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

  /** @returns undefined for anything unusual, which Apollo Server has the right words for */
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
  const sha256Hash = isRecord(persistedQuery) ? persistedQuery.sha256Hash : undefined;
  const isUsual =
    isTextOrNothing(query) &&
    isTextOrNothing(operationName) &&
    isTextOrNothing(sha256Hash) &&
    (isNothing(variables) || isRecord(variables)) &&
    (isNothing(extensions) || isRecord(extensions)) &&
    (isNothing(persistedQuery) || (isRecord(persistedQuery) && persistedQuery.version === 1));
  if (!isUsual || query === '') return undefined;
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
      ...(variables !== undefined && { variables: JSON.parse(variables) }),
      ...(extensions !== undefined && { extensions: JSON.parse(extensions) }),
    };
  } catch {
    return undefined;
  }
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
