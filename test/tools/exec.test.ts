import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const EXEC = fileURLToPath(new URL('../../tools/exec/exec.mjs', import.meta.url));

test('exec for Windows runs a command line and exits with its code', () => {
  const { status, stdout } = spawnSync(process.execPath, [EXEC, 'echo', 'one', '&&', 'exit', '7'], {
    encoding: 'utf8',
  });
  assert.deepEqual({ status, stdout }, { status: 7, stdout: 'one\n' });
});
