import type { FastifyRequest } from 'fastify';
import { BffError, badInput } from '../../errors.ts';
import type { OperationInput } from '../../pipeline/index.ts';
import { createUrlCache, searchOf } from '../url-cache.ts';

type Batch = readonly [OperationInput, ...OperationInput[]];

type Parameters = Partial<
  Record<'query' | 'documentId' | 'doc_id' | 'operationName' | 'variables' | 'extensions', unknown>
>;

type Extensions = { readonly persistedQuery?: unknown } | null | undefined;

const MAX_ID_LENGTH = 256;
/** Marks a document id as a hash (GraphQL over HTTP, appendix A). */
const HASH_PREFIX = /^sha256:/;

/**
 * Creates a parser for GET and POST requests (GraphQL over HTTP, §5). The results of frequent URLs are
 * kept, so that the same URL gives the same object.
 * @param maxBatchOperations - the maximum number of operations in an array; 0 refuses arrays
 */
export function createRequestParser(maxBatchOperations: number) {
  const known = createUrlCache();

  /** @throws BffError BAD_REQUEST, QUERY_TOO_COMPLEX; BAD_USER_INPUT for malformed Unicode */
  return ({ method, url, body }: FastifyRequest): OperationInput | Batch => {
    if (method === 'POST') {
      return Array.isArray(body) ? toBatch(body, maxBatchOperations) : toOperationInput(body);
    }
    const found = known.get(url);
    if (found) return found;
    const input = toOperationInput(parametersOf(url));
    known.add(url, input);
    return input;
  };
}

export const isBatch = (input: OperationInput | Batch): input is Batch => Array.isArray(input);

/** An array can repeat an operation like aliases do, so its length is limited. */
function toBatch(body: readonly unknown[], maxBatchOperations: number): Batch {
  const { length } = body;
  if (maxBatchOperations === 0) {
    throw badRequest('Send one operation per request; arrays of operations are not accepted.');
  }
  if (length > maxBatchOperations) {
    throw new BffError(
      'QUERY_TOO_COMPLEX',
      `The array has ${length} operations: at most ${maxBatchOperations}.`,
      {
        details: { exceeded: 'batch', limit: maxBatchOperations, actual: length },
      },
    );
  }
  const [first, ...others] = body.map(toOperationInput);
  if (!first) throw badRequest('The array of operations is empty.');
  return [first, ...others];
}

/**
 * @param given - the JSON of a POST, or the parameters of a GET
 * @throws BffError BAD_REQUEST; BAD_USER_INPUT for malformed Unicode
 */
export function toOperationInput(given: unknown): OperationInput {
  if (!isRecord(given)) throw badRequest('POST body missing, or not a JSON object.');
  const { query, documentId, operationName, variables, extensions } = given as Parameters;
  // The name in Relay's guide to persisted queries.
  const { doc_id: relayId } = given as Parameters;
  const areStrings =
    isStringOrNullish(query) &&
    isStringOrNullish(documentId) &&
    isStringOrNullish(relayId) &&
    isStringOrNullish(operationName);
  if (!areStrings) {
    throw badRequest('"query", "documentId", "doc_id" and "operationName" must be strings.');
  }
  if (!isRecordOrNullish(variables) || !isRecordOrNullish(extensions)) {
    throw badRequest('"variables" and "extensions" must be objects.');
  }
  const id = idOf(documentId ?? relayId, extensions as Extensions);
  if (!query && !id) throw badRequest(NO_OPERATION);
  // A lone surrogate has no encoding of its own, so two texts would have the same hash.
  if (!isWellFormed(query)) throw badInput('The query must be well-formed Unicode.');
  return {
    query: query ?? undefined,
    id,
    operationName: operationName ?? undefined,
    variables: (variables as OperationInput['variables'] | null | undefined) ?? {},
  };
}

const NO_OPERATION =
  'POST body missing a "query", a "documentId" (or "doc_id") or "extensions.persistedQuery"; or the same in a GET.';

/** Returns the id of a persisted operation, from any of its three places. */
function idOf(documentId: string | null | undefined, extensions: Extensions): string | undefined {
  const persistedQuery = extensions?.persistedQuery;
  const { version, sha256Hash } = isRecord(persistedQuery) ? persistedQuery : {};
  const isValid =
    isNullish(persistedQuery) || (version === 1 && typeof sha256Hash === 'string' && sha256Hash);
  if (!isValid) {
    throw badRequest('"extensions.persistedQuery" must have version 1 and a sha256Hash.');
  }
  const id = (sha256Hash as string | undefined) ?? documentId?.replace(HASH_PREFIX, '');
  if (id !== undefined && id.length > MAX_ID_LENGTH) throw badRequest('The id is too long.');
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
    // Refused below, like JSON that is not an object.
  }
  throw badRequest(`"${name}" must be an object, as JSON.`);
}

const badRequest = (message: string) => new BffError('BAD_REQUEST', message);

const isNullish = (value: unknown): value is null | undefined => value == null;

const isStringOrNullish = (value: unknown): value is string | null | undefined =>
  isNullish(value) || typeof value === 'string';

const isRecordOrNullish = (value: unknown): boolean => isNullish(value) || isRecord(value);

const isWellFormed = (value: unknown): boolean => typeof value !== 'string' || value.isWellFormed();

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
