import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type GeneratedFile, generateTypes } from './generate.ts';
import { main } from './sdl.ts';
import { findServiceBreaks } from './service-contracts.ts';

// npm run codegen [-- --accept-breaking]   writes the generated types, the printed schemas and docs/schema/
// npm run codegen -- --release             then makes a version of the changes of the schemas, that of package.json
// node tools/codegen.ts --check            compares all but the schemas with the files and writes nothing

const ROOT = new URL('..', import.meta.url);

const { values } = parseArgs({
  options: {
    check: { type: 'boolean' },
    'accept-breaking': { type: 'boolean' },
    release: { type: 'boolean' },
  },
});

await main(async () => {
  // First, because the datasources' types are replaced below.
  if (!values.check && !values['accept-breaking'] && !(await keepServiceContracts())) return false;
  const stale = await filterStale(await generateTypes());
  if (!values.check) await write(stale);
  // Imported here, because the schemas are built by src, which may need the types just written.
  const { generateClients } = await import('./rest-clients.ts');
  const { generateKits } = await import('./client-kit.ts');
  const clients = (await Promise.all([generateClients(), generateKits()])).flat();
  const staleClients = await filterStale(clients);
  const { generateRelease, generateSchemaDocs } = await import('./schema-docs.ts');
  const staleDocs = await filterStale(await generateSchemaDocs());
  if (values.check) return reportStale([...stale, ...staleClients, ...staleDocs]);
  await write(staleClients);
  const { writeSchemas } = await import('./schema.ts');
  if (!(await writeSchemas(values['accept-breaking'] ?? false))) return false;
  await write(staleDocs);
  if (values.release) await write(await generateRelease());
  return true;
});

/** @returns false if a service's document has changed so that its datasource breaks */
async function keepServiceContracts(): Promise<boolean> {
  const breaks = await findServiceBreaks();
  if (breaks.length === 0) return true;
  console.error(breaks.join('\n'));
  console.error(
    'No types were written. Change the datasource with them: npm run codegen -- --accept-breaking',
  );
  return false;
}

async function write(files: GeneratedFile[]): Promise<void> {
  for (const { path, content } of files) {
    const url = new URL(path, ROOT);
    await mkdir(new URL('.', url), { recursive: true });
    await writeFile(url, content);
  }
}

async function filterStale(files: GeneratedFile[]): Promise<GeneratedFile[]> {
  const texts = await Promise.all(
    files.map(({ path }) => readFile(new URL(path, ROOT), 'utf8').catch(() => undefined)),
  );
  return files.filter(({ content }, index) => content !== texts[index]);
}

function reportStale(stale: GeneratedFile[]): boolean {
  if (stale.length === 0) return true;
  console.error(['Outdated, run npm run codegen:', ...stale.map(({ path }) => path)].join('\n  '));
  return false;
}
