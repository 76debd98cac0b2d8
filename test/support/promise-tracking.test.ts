import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runProcess } from '../tools/run-tool.ts';

/** Tests whose own assertions pass, by the error that nothing handles. */
const STRAY_ERRORS: Readonly<Record<string, string>> = {
  'a rejection during a test': `
    it('passes', async () => {
      Promise.reject(new Error('stray error'));
      await new Promise(setImmediate);
    });`,
  'a rejection after its test': `
    it('passes', () => { setTimeout(() => Promise.reject(new Error('stray error')), 1); });
    it('passes, too', () => new Promise((resolve) => setTimeout(resolve, 50)));`,
  'an exception after its test': `
    it('passes', () => { setTimeout(() => { throw new Error('stray error'); }, 1); });
    it('passes, too', () => new Promise((resolve) => setTimeout(resolve, 50)));`,
};

describe('A run of tests without promise tracking', () => {
  it('fails for each error that nothing handles, and shows it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stray-errors-'));
    const tracking = new URL('./promise-tracking.ts', import.meta.url).href;
    const { NODE_TEST_CONTEXT: _child, ...env } = process.env;
    try {
      await Promise.all(
        Object.entries(STRAY_ERRORS).map(async ([what, tests], index) => {
          const file = join(folder, `${index}.test.mjs`);
          await writeFile(file, `import '${tracking}';\nimport { it } from 'node:test';\n${tests}`);
          const args = ['--test', '--test-reporter=spec', file];
          const { code, stdout } = await runProcess(process.execPath, args, { env });
          assert.equal(code, 1, what);
          assert.match(stdout, /stray error/, what);
          assert.match(stdout, /^ℹ fail [1-9]/m, what);
        }),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
