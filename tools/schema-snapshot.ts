import { readFile, writeFile } from 'node:fs/promises';
import type { GraphQLSchema } from 'graphql';
import { listChanges, printSorted, type SchemaChange } from './schema-rules.ts';

/** The file in which a schema is committed, as its clients know it. */
export interface Snapshot {
  readonly file: URL;
  readonly schema: GraphQLSchema;
}

interface Comparison {
  readonly file: URL;
  readonly printed: string;
  /** As `bff-web/schema.graphql`. */
  readonly name: string;
  readonly isNew: boolean;
  /** Undefined if file and schema are the same. */
  readonly changes: readonly SchemaChange[] | undefined;
}

/**
 * Writes the schemas into their files, all or none: none if one of them has a breaking change.
 * @param acceptBreaking - writes them even so
 * @returns what changed, for people, and whether it stands in the files now
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

/** @returns every difference between file and schema, for people; undefined if there is none */
export async function checkSnapshot(snapshot: Snapshot): Promise<string | undefined> {
  const comparison = await compare(snapshot);
  return comparison.changes && describe(comparison, 'is not what the code serves');
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

/** @param verb - what becomes of a file that is there already */
function describe({ name, isNew, changes = [] }: Comparison, verb: string): string {
  if (isNew) return `${name} is new`;
  return [`${name} ${verb}:`, ...changes.map(({ text }) => text)].join('\n  ');
}
