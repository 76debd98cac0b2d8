import type { BffDefinition } from '../src/bff.ts';
import { loadCommittedOperations } from '../src/operations/committed.ts';
import { listRoutes } from '../src/protocols/rest/routes.ts';
import { buildSchema } from '../src/server/build-schema.ts';
import { listUndescribed } from './schema-rules.ts';
import { checkSnapshot, type Snapshot, writeSnapshots } from './schema-snapshot.ts';
import { main } from './sdl.ts';
import { bffNames, loadBff } from './tree.ts';

// node tools/schema.ts --check   compares the printed schemas with the served ones, lists every
// difference and checks descriptions and committed operations. `npm run codegen` writes the files.

const BFFS = await Promise.all(bffNames().map(loadBff));

const snapshotOf = (bff: BffDefinition): Snapshot => ({
  file: new URL(`../bff-${bff.name}/schema.graphql`, import.meta.url),
  schema: buildSchema(bff),
});

/**
 * Writes the printed schemas, unless one has a breaking change that is not accepted.
 * @returns whether the files are up to date
 */
export async function writeSchemas(acceptBreaking: boolean): Promise<boolean> {
  const { reports, written } = await writeSnapshots(BFFS.map(snapshotOf), acceptBreaking);
  for (const report of reports) console.error(report);
  if (written) return true;
  console.error(
    'No printed schema was written, because existing clients would break. ' +
      'To accept that: npm run codegen -- --accept-breaking',
  );
  return false;
}

/** @returns a report of each fault */
async function check(bff: BffDefinition): Promise<string[]> {
  const snapshot = snapshotOf(bff);
  const difference = await checkSnapshot(snapshot);
  const undescribed = listUndescribed(snapshot.schema);
  const faults = difference ? [`${difference}\n  (npm run codegen)`] : [];
  if (undescribed.length > 0) {
    faults.push(`bff-${bff.name} has no description for:\n  ${undescribed.join('\n  ')}`);
  }
  try {
    listRoutes(snapshot.schema, loadCommittedOperations(bff.operations, snapshot.schema));
  } catch (error) {
    faults.push(`bff-${bff.name}/operations: ${(error as Error).message}`);
  }
  return faults;
}

if (import.meta.main) {
  await main(async () => {
    const faults = (await Promise.all(BFFS.map(check))).flat();
    for (const fault of faults) console.error(fault);
    return faults.length === 0;
  });
}
