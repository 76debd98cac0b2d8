import { readFileSync } from 'node:fs';
import { GraphQLError, type GraphQLSchema, validate } from 'graphql';
import * as z from 'zod';
import { ConfigError, describeIssue } from '../config/index.ts';
import { type Operation, toOperation } from './operation.ts';

const ID = z.string().min(1).max(256);

/** The output of Apollo Client's `generate-persisted-query-manifest`. */
const APOLLO_MANIFEST = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(z.object({ id: ID, name: z.string(), body: z.string() })),
});

/** Texts by hash, the output of relay-compiler and graphql-codegen (`persistedDocuments`). */
const TEXTS = z.record(ID, z.string());

const FORMS =
  'two forms are accepted: { "<id>": "<text of an operation>", … }, or ' +
  '{ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [ … ] }';

/**
 * Reads a manifest of persisted operations.
 * @returns the operations by id; ids need not be hashes
 * @throws ConfigError with all faults
 * @see https://www.apollographql.com/docs/react/data/persisted-queries
 * @see https://relay.dev/docs/guides/persisted-queries
 * @see https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#persisted-documents
 */
export function loadManifest(path: string, schema: GraphQLSchema): Map<string, Operation> {
  const { operations } = readManifest(path);
  const faults: string[] = [];
  const byId = new Map<string, Operation>();
  for (const { id, name, body } of operations) {
    const operation = parseBody(body);
    const wrong =
      operation instanceof GraphQLError ? [operation] : validate(schema, operation.document);
    faults.push(...wrong.map(({ message }) => `OPERATIONS_MANIFEST: ${name}: ${message}`));
    if (byId.has(id))
      faults.push(`OPERATIONS_MANIFEST: ${name}: another operation has the same id`);
    if (!(operation instanceof GraphQLError)) byId.set(id, operation);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return byId;
}

function readManifest(path: string): Pick<z.infer<typeof APOLLO_MANIFEST>, 'operations'> {
  try {
    const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (!isTexts(json)) return APOLLO_MANIFEST.parse(json);
    const texts = Object.entries(TEXTS.parse(json));
    return { operations: texts.map(([id, body]) => ({ id, name: id, body })) };
  } catch (error) {
    const wrong = faultsOf(error, path).map((fault) => `OPERATIONS_MANIFEST: ${fault}`);
    throw new ConfigError(wrong, { cause: error });
  }
}

/** Everything else is read as Apollo's format, so that the error names what is missing in it. */
const isTexts = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && !('format' in json);

function faultsOf(error: unknown, path: string): readonly string[] {
  if (error instanceof z.ZodError) {
    return [...error.issues.map(describeIssue), FORMS].map((fault) => `"${path}": ${fault}`);
  }
  const isText = error instanceof SyntaxError;
  return [isText ? `"${path}" is not JSON` : `there is no readable file at "${path}"`];
}

function parseBody(body: string): Operation | GraphQLError {
  try {
    return toOperation(body);
  } catch (error) {
    return error as GraphQLError;
  }
}
