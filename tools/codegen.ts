import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { generateTypes } from './generate.ts';

// npm run codegen [-- --accept-breaking]   writes the generated types and the printed schemas
// node tools/codegen.ts --check            compares the types with what stands there, writes nothing

const ROOT = new URL('..', import.meta.url);

const { values } = parseArgs({
  options: { check: { type: 'boolean' }, 'accept-breaking': { type: 'boolean' } },
});
const files = await generateTypes();

if (values.check) {
  const stale: string[] = [];
  for (const { path, content } of files) {
    if ((await readText(path)) !== content) stale.push(path);
  }
  if (stale.length > 0) {
    console.error(`Not up to date (npm run codegen):\n  ${stale.join('\n  ')}`);
    process.exitCode = 1;
  }
} else {
  for (const { path, content } of files) {
    const url = new URL(path, ROOT);
    await mkdir(new URL('.', url), { recursive: true });
    // An unchanged file is left alone, so that `npm run dev` does not restart for it.
    if ((await readText(path)) !== content) await writeFile(url, content);
  }
  // Only now, because the schemas come from src, which may need the types that were just written.
  const { writeSchemas } = await import('./schema.ts');
  const written = await writeSchemas(values['accept-breaking'] ?? false);
  if (!written) process.exitCode = 1;
}

async function readText(path: string): Promise<string | undefined> {
  return readFile(new URL(path, ROOT), 'utf8').catch(() => undefined);
}
