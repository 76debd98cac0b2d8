import { readFileSync } from 'node:fs';
import { buildSchema } from '../src/server/build-schema.ts';
import type { GeneratedFile } from './generate.ts';
import { releaseChanges, updateChangelog } from './schema-docs/changelog.ts';
import { describeSchema } from './schema-docs/page.ts';
import { printSorted } from './schema-rules.ts';
import { bffNames, loadBff, ROOT } from './tree.ts';

// docs/schema/: a page for the schema of each BFF, and the changes since the last release.

const CHANGELOG = 'docs/schema/CHANGELOG.md';
const releasedPath = (bff: string): string => `docs/schema/released/${bff}.graphql`;

/** Generates the pages and the changelog. */
export async function generateSchemaDocs(): Promise<GeneratedFile[]> {
  const bffs = await Promise.all(bffNames().map(loadBff));
  const pages = bffs.map((bff) => ({
    path: `docs/schema/${bff.name}.md`,
    content: describeSchema(bff, buildSchema(bff)),
  }));
  const content = await updateChangelog(read(CHANGELOG) ?? '', await readVersions());
  return [...pages, { path: CHANGELOG, content }];
}

/**
 * Makes a release of the served schemas, with the version of package.json.
 * @throws Error if that version is released already
 */
export async function generateRelease(): Promise<GeneratedFile[]> {
  const { version } = JSON.parse(read('package.json') ?? '') as { version: string };
  const today = new Date().toISOString().slice(0, 10);
  const versions = await readVersions();
  const content = await releaseChanges(read(CHANGELOG) ?? '', versions, version, today);
  const released = versions.map(({ bff, current }) => ({
    path: releasedPath(bff),
    content: current,
  }));
  return [...released, { path: CHANGELOG, content }];
}

async function readVersions() {
  const bffs = await Promise.all(bffNames().map(loadBff));
  return bffs.map((bff) => ({
    bff: bff.name,
    released: read(releasedPath(bff.name)),
    current: printSorted(buildSchema(bff)),
  }));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, ROOT), 'utf8');
  } catch {
    return undefined;
  }
}
