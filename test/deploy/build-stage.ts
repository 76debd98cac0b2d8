import { mkdtempSync, rmSync } from 'node:fs';
import { cp, glob, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../tools/tree.ts';
import { runProcess } from '../tools/run-tool.ts';

const root = fileURLToPath(ROOT);

let built: Promise<string> | undefined;

/**
 * Carries out the stage `build` of the Dockerfile without Docker, once for all tests of this process:
 * `npm run build` in a copy of what `.dockerignore` includes, with the installed packages.
 * @returns its folder, which tests must not change
 */
export function runBuildStage(): Promise<string> {
  built ??= build();
  return built;
}

/** @returns the folder of the bundles */
export const buildBundles = async (): Promise<string> => join(await runBuildStage(), 'dist');

async function build(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'build-stage-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await copyBuildContext(folder);
  const { code, stderr } = await runProcess(process.execPath, ['tools/build.ts'], { cwd: folder });
  if (code !== 0) throw new Error(`npm run build failed: ${stderr}`);
  return folder;
}

async function copyBuildContext(folder: string): Promise<void> {
  const ignore = await readFile(join(root, '.dockerignore'), 'utf8');
  const patterns = ignore
    .split('\n')
    .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
  for await (const file of glob(patterns, { cwd: root })) {
    await cp(join(root, file), join(folder, file), {
      recursive: true,
      filter: (source) => basename(source) !== 'node_modules',
    });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
}
