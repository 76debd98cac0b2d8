import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';

// Builds both pages again and compares them with the committed files, which the demo serves.

const outDir = mkdtempSync(join(tmpdir(), 'frontdesk-examples-'));
try {
  for (const page of ['web', 'phone']) {
    const committed = join(import.meta.dirname, page, 'dist');
    await build({
      root: join(import.meta.dirname, page),
      build: { outDir, emptyOutDir: true },
      logLevel: 'warn',
    });
    const files = new Set([...readdirSync(committed), ...readdirSync(outDir)]);
    for (const file of files) {
      if (read(committed, file) === read(outDir, file)) continue;
      console.error(
        `examples/${page}/dist/${file} is out of date: npm run build --prefix examples`,
      );
      process.exitCode = 1;
    }
  }
} finally {
  rmSync(outDir, { recursive: true });
}

function read(folder: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch {
    return undefined;
  }
}
