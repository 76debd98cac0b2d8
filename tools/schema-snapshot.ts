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
  /** Undefined if file and schema are the same. */
  readonly report: string | undefined;
  readonly breaking: boolean;
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
  const comparisons = await Promise.all(snapshots.map(compare));
  const reports = comparisons.flatMap(({ report }) => report ?? []);
  if (!acceptBreaking && comparisons.some(({ breaking }) => breaking)) {
    return { reports, written: false };
  }
  for (const { file, printed, report } of comparisons) {
    if (report) await writeFile(file, printed);
  }
  return { reports, written: true };
}

/** @returns every difference between file and schema, for people; undefined if there is none */
export async function checkSnapshot(snapshot: Snapshot): Promise<string | undefined> {
  return (await compare(snapshot)).report;
}

async function compare({ file, schema }: Snapshot): Promise<Comparison> {
  const name = file.pathname.split('/').slice(-2).join('/');
  const printed = printSorted(schema);
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before === printed) return { file, printed, report: undefined, breaking: false };
  if (before === undefined) return { file, printed, report: `${name} is new`, breaking: false };
  const changes = await listChanges(before, printed);
  const breaking = changes.some((change) => change.breaking);
  return { file, printed, report: describe(name, changes), breaking };
}

const describe = (name: string, changes: readonly SchemaChange[]) =>
  [`${name} is not what the code serves:`, ...changes.map(({ text }) => text)].join('\n  ');
