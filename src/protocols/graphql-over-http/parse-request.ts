import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { BffError, badInput } from '../../errors.ts';
import type { OperationParameters, OperationRef } from '../../operations/index.ts';

/** What is asked (GraphQL over HTTP, §5); its operation and its variables are not looked at yet. */
export interface GraphqlRequest extends OperationRef, OperationParameters {}

type Parameters = Partial<
  Record<'query' | 'documentId' | 'doc_id' | 'operationName' | 'variables' | 'extensions', unknown>
>;

type Extensions = { readonly persistedQuery?: unknown } | null | undefined;

const MOST_ADDRESSES = 1_000;
const LONGEST_ADDRESS = 2_000;
const LONGEST_ID = 256;
/** A document's id may say that it is a hash (GraphQL over HTTP, appendix A). */
const HASH_PREFIX = /^sha256:/;

/** Reads what is asked; the same addresses come again and again, so that the last ones are known. */
export function createRequestReader() {
  const known = new LRUCache<string, GraphqlRequest>({ max: MOST_ADDRESSES });

  /**
   * @returns several where the body is an array
   * @throws BffError BAD_REQUEST; BAD_USER_INPUT for text that is not well-formed
   */
  return ({ method, url, body }: FastifyRequest): GraphqlRequest | readonly GraphqlRequest[] => {
    if (method === 'POST') {
      return Array.isArray(body) ? body.map(toGraphqlRequest) : toGraphqlRequest(body);
    }
    const found = known.get(url);
    if (found) return found;
    const asked = toGraphqlRequest(parametersOf(url));
    if (url.length <= LONGEST_ADDRESS) known.set(url, asked);
    return asked;
  };
}

/** @param given - a POST's JSON, or a GET's query */
function toGraphqlRequest(given: unknown): GraphqlRequest {
  if (!isRecord(given)) throw badRequest('POST body missing, or not a JSON object.');
  const { query, documentId, operationName, variables, extensions } = given as Parameters;
  // As Relay's guide to persisted queries names it.
  const { doc_id: relayId } = given as Parameters;
  if (![query, documentId, relayId, operationName].every(isTextOrNothing)) {
    throw badRequest('"query", "documentId", "doc_id" and "operationName" must be strings.');
  }
  if (![variables, extensions].every(isRecordOrNothing)) {
    throw badRequest('"variables" and "extensions" must be objects.');
  }
  const id = idOf((documentId ?? relayId) as string | undefined, extensions as Extensions);
  if (!query && !id) throw badRequest(NOTHING_ASKED);
  // Half of a surrogate pair has no bytes of its own, and so the hash of another text.
  if (!isWellFormed(query)) throw badInput('The query must be well-formed Unicode.');
  return {
    query: (query as string | undefined) ?? undefined,
    id,
    operationName: (operationName as string | undefined) ?? undefined,
    variables: (variables as GraphqlRequest['variables'] | null | undefined) ?? {},
  };
}

const NOTHING_ASKED =
  'POST body missing a "query", a "documentId" (or "doc_id") or "extensions.persistedQuery"; or the same in a GET.';

/** @returns the name of a persisted operation, whichever way it is given */
function idOf(documentId: string | null | undefined, extensions: Extensions): string | undefined {
  const persistedQuery = extensions?.persistedQuery;
  const { version, sha256Hash } = isRecord(persistedQuery) ? persistedQuery : {};
  const isUsual =
    isNothing(persistedQuery) || (version === 1 && typeof sha256Hash === 'string' && sha256Hash);
  if (!isUsual) {
    throw badRequest('"extensions.persistedQuery" must have version 1 and a sha256Hash.');
  }
  const id = (sha256Hash as string | undefined) ?? documentId?.replace(HASH_PREFIX, '');
  if (id !== undefined && id.length > LONGEST_ID) throw badRequest('The id is too long.');
  return id || undefined;
}

function parametersOf(url: string): Parameters {
  const search = new URLSearchParams(searchOf(url));
  const texts = Object.fromEntries(search);
  if (Object.keys(texts).length !== search.size)
    throw badRequest('Each parameter may be given once.');
  const { variables, extensions, ...rest } = texts;
  return {
    ...rest,
    ...(variables !== undefined && { variables: parseParameter('variables', variables) }),
    ...(extensions !== undefined && { extensions: parseParameter('extensions', extensions) }),
  };
}

function parseParameter(name: string, json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    if (isRecord(value)) return value;
  } catch {
    // Refused as what is no object.
  }
  throw badRequest(`"${name}" must be an object, as JSON.`);
}

export function searchOf(url: string): string {
  const start = url.indexOf('?');
  return start < 0 ? '' : url.slice(start);
}

const badRequest = (message: string) => new BffError('BAD_REQUEST', message);

const isNothing = (value: unknown): value is null | undefined => value == null;

const isTextOrNothing = (value: unknown): boolean => isNothing(value) || typeof value === 'string';

const isRecordOrNothing = (value: unknown): boolean => isNothing(value) || isRecord(value);

const isWellFormed = (value: unknown): boolean => typeof value !== 'string' || value.isWellFormed();

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
