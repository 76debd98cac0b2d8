import { GraphQLError, type GraphQLSchema, validate } from 'graphql';
import * as z from 'zod';
import { ConfigError, describeIssue } from '../config/index.ts';
import { documentHash, type Operation, toOperation } from './operation.ts';

const ID = z.string().min(1).max(256);

const ENTRY = z.object({ id: ID, name: z.string(), body: z.string() });

/** The output of Apollo Client's `generate-persisted-query-manifest`. */
const APOLLO_MANIFEST = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(ENTRY),
});

/** Texts by hash, the output of relay-compiler and graphql-codegen (`persistedDocuments`). */
const TEXTS = z.record(ID, z.string());

const FORMS =
  'two forms are accepted: { "<id>": "<text of an operation>", … }, or ' +
  '{ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [ … ] }';

/** Written by some tools on Windows; JSON.parse refuses it (RFC 8259 §8.1 allows to ignore it). */
const BYTE_ORDER_MARK = /^\uFEFF/;
const SHA256 = /^[\da-f]{64}$/i;
export const SAME_ID = 'another operation has the same id';
export const WRONG_HASH = 'the id is not the SHA-256 of the text';

/** An operation as a manifest has it. */
export type ManifestEntry = Readonly<z.infer<typeof ENTRY>>;

/** Finds an operation that is in use already and valid, by the hash of its text. */
export type FindKnown = (hash: string) => Operation | undefined;

/**
 * Reads the form of a manifest, but none of its texts.
 * @throws ConfigError with all faults
 * @see https://www.apollographql.com/docs/react/data/persisted-queries
 * @see https://relay.dev/docs/guides/persisted-queries
 * @see https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#persisted-documents
 */
export function parseManifest(text: string): readonly ManifestEntry[] {
  try {
    const json: unknown = JSON.parse(text.replace(BYTE_ORDER_MARK, ''));
    if (!isTexts(json)) return APOLLO_MANIFEST.parse(json).operations;
    return Object.entries(TEXTS.parse(json)).map(([id, body]) => ({ id, name: id, body }));
  } catch (error) {
    throw new ConfigError(faultsOf(error), { cause: error });
  }
}

/**
 * Reads the operations of a manifest. Yields after each one, so that a server can respond to requests in
 * between.
 * @returns the operations by id; ids need not be hashes
 * @throws ConfigError with all faults
 */
export function* readManifest(
  text: string,
  schema: GraphQLSchema,
  findKnown: FindKnown = () => undefined,
): Generator<undefined, Map<string, Operation>> {
  const faults: string[] = [];
  const byId = new Map<string, Operation>();
  for (const { id, name, body } of parseManifest(text)) {
    const hash = documentHash(body);
    const operation = findKnown(hash) ?? readBody(body, schema);
    const wrong = Array.isArray(operation) ? operation : [];
    if (byId.has(id)) wrong.push(SAME_ID);
    if (isWrongHash(id, hash)) wrong.push(WRONG_HASH);
    faults.push(...wrong.map((fault) => `${name}: ${fault}`));
    if (!Array.isArray(operation)) byId.set(id, operation);
    yield;
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return byId;
}

/** Everything else is read as Apollo's format, so that the error names what is missing in it. */
const isTexts = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && !('format' in json);

function faultsOf(error: unknown): readonly string[] {
  if (error instanceof z.ZodError) return [...error.issues.map(describeIssue), FORMS];
  return ['is not JSON'];
}

/** @returns an operation, or its faults */
function readBody(body: string, schema: GraphQLSchema): Operation | string[] {
  try {
    const operation = toOperation(body);
    const errors = validate(schema, operation.document);
    return errors.length === 0 ? operation : errors.map(describeError);
  } catch (error) {
    if (error instanceof GraphQLError) return [describeError(error)];
    throw error;
  }
}

/** True for an id that looks like the SHA-256 of a text and is that of another one. */
export const isWrongHash = (id: string, hash: string): boolean => SHA256.test(id) && id !== hash;

export const describeError = ({ message, locations }: GraphQLError): string =>
  locations?.[0] ? `line ${locations[0].line}: ${message}` : message;
