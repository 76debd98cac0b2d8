import './promise-tracking.ts';
import { globSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs the tests of a folder in this process, which loads the server once for all of them. Files named
 * `*.isolated.test.ts` need a process of their own, and so do folders in it with an `all.ts`.
 */
export async function importTests(folder: string): Promise<void> {
  const own = globSync('*/all.ts', { cwd: folder }).map((file) => file.replace('all.ts', '**'));
  const files = globSync('**/*.test.ts', {
    cwd: folder,
    exclude: ['**/*.isolated.test.ts', ...own],
  });
  for (const file of files.sort()) await import(join(folder, file));
}
