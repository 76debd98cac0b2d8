import { execFileSync } from 'node:child_process';

/**
 * The `skip` option of tests that need a program of a Debian package: a reason if it is not installed,
 * or false. With CI=true nothing is skipped, so that a missing program fails the tests.
 */
export const skipWithout = (program: string, debianPackage = program): string | false =>
  isInstalled(program) || process.env.CI === 'true'
    ? false
    : `${program} is not installed: apt-get install ${debianPackage}`;

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
