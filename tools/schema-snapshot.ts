import { readFile, writeFile } from 'node:fs/promises';
import type { GraphQLSchema } from 'graphql';
import { listChanges, printSorted, type SchemaChange } from './schema-rules.ts';

/** A schema and the committed file that shows it to clients. */
export interface Snapshot {
  readonly file: URL;
  readonly schema: GraphQLSchema;
}

interface Comparison {
  readonly file: URL;
  readonly printed: string;
  /** For messages, such as `bff-web/schema.graphql`. */
  readonly name: string;
  readonly isNew: boolean;
  /** Undefined if file and schema are equal. */
  readonly changes: readonly SchemaChange[] | undefined;
}

/**
 * Writes all schemas to their files, or none if one of them has a breaking change.
 * @param acceptBreaking - writes breaking changes as well
 * @returns a report of each change, and whether the files were written
 */
export async function writeSnapshots(
  snapshots: readonly Snapshot[],
  acceptBreaking: boolean,
): Promise<{ reports: string[]; written: boolean }> {
  const comparisons = (await Promise.all(snapshots.map(compare))).filter(({ changes }) => changes);
  const written = acceptBreaking || !comparisons.some(isBreaking);
  const verb = written ? 'is updated' : 'would change';
  const reports = comparisons.map((comparison) => describe(comparison, verb));
  if (!written) return { reports, written };
  for (const { file, printed } of comparisons) await writeFile(file, printed);
  return { reports, written };
}

/** @returns a report of all differences between file and schema; undefined if they are equal */
export async function checkSnapshot(snapshot: Snapshot): Promise<string | undefined> {
  const comparison = await compare(snapshot);
  return comparison.changes && describe(comparison, 'differs from the served schema');
}

async function compare({ file, schema }: Snapshot): Promise<Comparison> {
  const name = file.pathname.split('/').slice(-2).join('/');
  const printed = printSorted(schema);
  const before = await readFile(file, 'utf8').catch(() => undefined);
  const isNew = before === undefined;
  if (before === printed) return { file, printed, name, isNew, changes: undefined };
  const changes = isNew ? [] : await listChanges(before, printed);
  return { file, printed, name, isNew, changes };
}

const isBreaking = ({ changes = [] }: Comparison): boolean =>
  changes.some(({ breaking }) => breaking);

/** @param verb - the predicate of a file that exists */
function describe({ name, isNew, changes = [] }: Comparison, verb: string): string {
  if (isNew) return `${name} is new`;
  return [`${name} ${verb}:`, ...changes.map(({ text }) => text)].join('\n  ');
}
