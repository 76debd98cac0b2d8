import { readFile, writeFile } from 'node:fs/promises';
import type { GraphQLSchema } from 'graphql';
import { mobile } from '../bff-mobile/bff.ts';
import { web } from '../bff-web/bff.ts';
import type { BffDefinition } from '../src/bff.ts';
import { loadCommittedOperations } from '../src/operations/committed.ts';
import { buildSchema } from '../src/server/build-schema.ts';
import { listChanges, listUndescribed, printSorted, type SchemaChange } from './schema-rules.ts';

// node tools/schema.ts --check   fails when a printed schema is not what the code now serves, lists
// every difference, and holds the schema to its rules. `npm run codegen` writes the files.

const BFFS: readonly BffDefinition[] = [web, mobile];

interface Comparison {
  readonly path: string;
  readonly url: URL;
  readonly printed: string;
  readonly same: boolean;
  readonly isNew: boolean;
  readonly changes: readonly SchemaChange[];
}

/**
 * Writes the printed schemas, all or none: none if one has a breaking change that nobody accepted.
 * @returns whether they were written
 */
export async function writeSchemas({ acceptBreaking }: { acceptBreaking: boolean }) {
  const comparisons = await Promise.all(BFFS.map((bff) => compare(bff, buildSchema(bff))));
  const changed = comparisons.filter(({ same }) => !same);
  const breaking = changed.some(({ changes }) => changes.some((change) => change.breaking));
  for (const comparison of changed) console.error(report(comparison));

  if (breaking && !acceptBreaking) {
    console.error(
      'Clients in use would break, so no printed schema was written. ' +
        'If that is meant: npm run codegen -- --accept-breaking',
    );
    return false;
  }
  for (const { url, printed } of changed) await writeFile(url, printed);
  return true;
}

/** @returns all that is wrong, as text for people */
async function checkSchema(bff: BffDefinition): Promise<string[]> {
  const schema = buildSchema(bff);
  const comparison = await compare(bff, schema);
  const undescribed = listUndescribed(schema);
  return [
    ...(comparison.same ? [] : [report(comparison)]),
    ...(undescribed.length > 0
      ? [`${bff.name} has no description for:\n  ${undescribed.join('\n  ')}`]
      : []),
    ...checkOperations(bff, schema),
  ];
}

function checkOperations(bff: BffDefinition, schema: GraphQLSchema): string[] {
  try {
    loadCommittedOperations(bff.operations, schema);
    return [];
  } catch (error) {
    return [`bff-${bff.name}/operations: ${(error as Error).message}`];
  }
}

async function compare({ name }: BffDefinition, schema: GraphQLSchema): Promise<Comparison> {
  const path = `bff-${name}/schema.graphql`;
  const url = new URL(`../${path}`, import.meta.url);
  const printed = printSorted(schema);
  const before = await readFile(url, 'utf8').catch(() => undefined);
  const changes = before === undefined ? [] : await listChanges(before, printed);
  return { path, url, printed, same: before === printed, isNew: before === undefined, changes };
}

const report = ({ path, isNew, changes }: Comparison) =>
  isNew
    ? `${path} is not there yet.`
    : [`${path} is not what the code serves:`, ...changes.map(({ text }) => text)].join('\n  ');

if (import.meta.main) {
  const faults = (await Promise.all(BFFS.map(checkSchema))).flat();
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}
