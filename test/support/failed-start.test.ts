import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';

/** Far more than a process needs that nothing keeps alive. */
const TIMEOUT_MS = 90_000;

/** How each environment of the tests is started, with a configuration that is wrong. */
const FAILED_STARTS: Record<string, { start: string; says: RegExp }> = {
  'an environment with a wrong variable': {
    start: `(await import('./test/support/environment.ts')).startEnvironment(web, { WEB_PORT: 'abc' })`,
    says: /WEB_PORT: must be a port/,
  },
  'an environment with a wrong manifest': {
    start: `(await import('./test/support/environment.ts')).startEnvironment(web, {
      OPERATIONS_MANIFEST: '/nowhere', REDIS_URL: 'redis://127.0.0.1:1' })`,
    says: /OPERATIONS_MANIFEST: there is no file/,
  },
  'an environment behind gates': {
    start: `(await import('./test/cache/environment.ts')).startGatedEnvironment(web, { WEB_PORT: 'abc' })`,
    says: /WEB_PORT: must be a port/,
  },
  'a BFF under attack': {
    start: `(await import('./test/attack/target-process.ts')).startTargetProcess(web, { WEB_PORT: 'abc' })`,
    says: /web did not start/,
  },
  'a BFF whose allocations are counted': {
    start: `(await import('./test/budgets/allocation-process.ts')).startCountedProcess({ MOBILE_PORT: 'abc' })`,
    says: /the process has ended: 1/,
  },
};

for (const [name, { start, says }] of Object.entries(FAILED_STARTS)) {
  test(`${name} fails to start and leaves nothing open that keeps the process alive`, async () => {
    const code = `
      const { web } = await import('./bff-web/bff.ts');
      await (${start}).catch(({ message }) => console.log(message));
    `;
    const args = ['--input-type=module', '--eval', code];
    const cwd = new URL('../..', import.meta.url);
    const { error, stdout } = await new Promise<{ error: unknown; stdout: string }>((resolve) => {
      execFile(process.execPath, args, { cwd, timeout: TIMEOUT_MS }, (error, stdout) =>
        resolve({ error, stdout }),
      );
    });
    assert.match(stdout, says);
    assert.equal(error, null, 'the process did not end by itself');
  });
}
