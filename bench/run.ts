import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Entry point of `npm run bench`: installs the packages of bench/ if they are missing or out of date,
// then runs the named part, or all suites. Modules that import a package are loaded only after that.

const lockFile = new URL('package-lock.json', import.meta.url);
const installedLockFile = new URL('node_modules/.package-lock.json', import.meta.url);

if (
  !existsSync(installedLockFile) ||
  statSync(installedLockFile).mtimeMs < statSync(lockFile).mtimeMs
) {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const { status } = spawnSync('npm', ['ci', '--prefix', folder], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

const args = process.argv.slice(2);
try {
  if (args[0] === 'attack') {
    await import('./attack/run.ts');
  } else if (args[0] === 'scaling') {
    const { scaling } = await import('./scaling/main.ts');
    await scaling(args.slice(1));
  } else if (args[0] === 'profile') {
    const { profile } = await import('./profile/profile.ts');
    await profile(args.slice(1));
  } else {
    const { main } = await import('./harness/main.ts');
    await main(args);
  }
  process.exit(); // The IPC channel to the upstream process would keep this process alive.
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
