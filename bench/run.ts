import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// npm run bench: installs the peers' packages if they are missing, then runs what is named, or all.
// Until then nothing that needs a package may be imported.

const lock = new URL('package-lock.json', import.meta.url);
const installed = new URL('node_modules/.package-lock.json', import.meta.url);

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

try {
  const args = process.argv.slice(2);
  if (args[0] === 'attack') await import('./attack/run.ts');
  if (args[0] === 'profile') await import('./profile/run.ts');
  const { main } = await import('./harness/main.ts');
  await main(args);
  process.exit();
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
