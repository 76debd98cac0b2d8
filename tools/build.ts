import { mkdir, rm, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle, findBundledPackages } from './build/bundle.ts';
import { collectLicenses } from './build/licenses.ts';
import { bffNames } from './tree.ts';

// npm run build                bundles every BFF into one file, which needs nothing but Node; --out names
//                              another folder than dist/, which is emptied
// node tools/build.ts --check  checks that all code can be bundled, and the licences; writes nothing

const { values } = parseArgs({
  options: { out: { type: 'string', default: 'dist' }, check: { type: 'boolean' } },
});

if (values.check) collectLicenses(await findBundledPackages(bffNames()));
else await writeBundles(values.out);

async function writeBundles(out: string): Promise<void> {
  const folder = new URL(`${pathToFileURL(out).href}/`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const write = (file: string, text: string) => writeFile(new URL(file, folder), text);
  const packages = new Set<string>();
  await Promise.all(
    bffNames().map(async (name) => {
      const { code, sourceMap, packages: found } = await bundle(name);
      for (const each of found) packages.add(each);
      await write(`${name}.mjs`, code);
      await write(`${name}.mjs.map`, sourceMap);
      console.log(`${out}/${name}.mjs  ${(code.length / 1e6).toFixed(1)} MB`);
    }),
  );
  await write('licenses.txt', collectLicenses([...packages]));
  console.log(`${out}/licenses.txt  of ${packages.size} packages`);
}
