import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { ROOT } from '../../tools/tree.ts';

/** Much longer than a process takes that nothing keeps alive. */
const TIMEOUT_MS = 90_000;

/** Starts of the environments of the tests, each with an invalid configuration. */
const FAILED_STARTS: Readonly<Record<string, { start: string; message: RegExp }>> = {
  'an environment with an invalid variable': {
    start: `(await import('./test/support/environment.ts')).startEnvironment(library, {
      LIBRARY_PORT: 'abc' })`,
    message: /LIBRARY_PORT: must be a port/,
  },
  'an environment with a missing manifest': {
    start: `(await import('./test/support/environment.ts')).startEnvironment(library, {
      OPERATIONS_MANIFEST: '/nowhere', REDIS_URL: 'redis://127.0.0.1:1' })`,
    message: /OPERATIONS_MANIFEST: there is no readable file/,
  },
  'an environment whose responses are held back': {
    start: `(await import('./test/cache/environment.ts')).startGatedEnvironment(library, {
      LIBRARY_PORT: 'abc' })`,
    message: /LIBRARY_PORT: must be a port/,
  },
  'a BFF process': {
    start: `(await import('./test/support/bff-process.ts')).startBffProcess(library, {
      env: { LIBRARY_PORT: 'abc' } })`,
    message: /library did not start/,
  },
  'a BFF process whose allocations are counted': {
    start: `(await import('./test/budgets/allocation-process.ts')).startCountedProcess({
      MOBILE_PORT: 'abc' })`,
    message: /the process has ended: 1/,
  },
};

describe('Failed starts of environments', () => {
  it('leave nothing open that keeps the process alive', async () => {
    const starts = Object.entries(FAILED_STARTS).map(
      ([name, { start }]) => `
        await (${start}).catch(({ message }) => messages.push([${JSON.stringify(name)}, message]));`,
    );
    const code = `
      const { library } = await import('./test/support/fixture/bff.ts');
      const messages = [];
      ${starts.join('')}
      console.log(JSON.stringify(messages));
    `;
    const args = ['--input-type=module', '--eval', code];
    const options = { cwd: ROOT, timeout: TIMEOUT_MS };
    const { error, stdout } = await new Promise<{ error: unknown; stdout: string }>((resolve) => {
      execFile(process.execPath, args, options, (error, stdout) => resolve({ error, stdout }));
    });
    const messages: ReadonlyMap<string, string> = new Map(JSON.parse(stdout));
    for (const [name, { message }] of Object.entries(FAILED_STARTS)) {
      assert.match(messages.get(name) ?? '', message, name);
    }
    assert.equal(error, null, 'the process did not end by itself');
  });
});
