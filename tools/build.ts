import { mkdir, rm, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from './build/bundle.ts';
import { collectLicenses } from './build/licenses.ts';
import { bffNames } from './tree.ts';

// npm run build: bundles every BFF into one file, which needs nothing but Node. --out names another
// folder than dist/, which is emptied.

const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
const folder = new URL(`${pathToFileURL(values.out).href}/`);

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const bundles = await Promise.all(bffNames().map((name) => bundle(name, folder)));
const packages = [...new Set(bundles.flatMap((each) => each.packages))];
await writeFile(new URL('licenses.txt', folder), collectLicenses(packages));
for (const { name, bytes } of bundles) {
  console.log(`${values.out}/${name}.mjs  ${(bytes / 1e6).toFixed(1)} MB`);
}
console.log(`${values.out}/licenses.txt  of ${packages.length} packages`);
