import { readFileSync } from 'node:fs';
import { GraphQLError, type GraphQLSchema, validate } from 'graphql';
import { z } from 'zod';
import { ConfigError } from '../config.ts';
import { type Operation, toOperation } from './operation.ts';

/** As Apollo Client's `generate-persisted-query-manifest` writes it. */
const MANIFEST = z.object({
  format: z.literal('apollo-persisted-query-manifest'),
  version: z.literal(1),
  operations: z.array(
    z.object({ id: z.string().min(1).max(256), name: z.string(), body: z.string() }),
  ),
});

/**
 * Reads a manifest of persisted operations.
 * @returns the operations by their ids, which need not be hashes
 * @throws ConfigError that names all that is wrong with it
 * @see https://www.apollographql.com/docs/react/data/persisted-queries
 */
export function loadManifest(path: string, schema: GraphQLSchema): Map<string, Operation> {
  const { operations } = readManifest(path);
  const faults: string[] = [];
  const byId = new Map<string, Operation>();
  for (const { id, name, body } of operations) {
    const operation = parseBody(body);
    const wrong =
      operation instanceof GraphQLError ? [operation] : validate(schema, operation.document);
    faults.push(...wrong.map(({ message }) => `  ${name}: ${message}`));
    if (byId.has(id)) faults.push(`  ${name}: another operation has the same id`);
    if (!(operation instanceof GraphQLError)) byId.set(id, operation);
  }
  if (faults.length > 0)
    throw new ConfigError(`OPERATIONS_MANIFEST (${path}):\n${faults.join('\n')}`);
  return byId;
}

function readManifest(path: string): z.infer<typeof MANIFEST> {
  try {
    return MANIFEST.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new ConfigError(`OPERATIONS_MANIFEST (${path}): ${why}`, { cause: error });
  }
}

function parseBody(body: string): Operation | GraphQLError {
  try {
    return toOperation(body);
  } catch (error) {
    return error as GraphQLError;
  }
}
