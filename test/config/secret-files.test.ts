import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { withSecretFiles } from '../../src/config/secret-files.ts';

describe('a secret', () => {
  it('may come as the name of a file that holds it', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'secret-')), 'token');
    writeFileSync(file, 'from the file\n');
    const env = { UPSTREAM_TOKEN_FILE: file, VIEWER_SIGNING_KEY: 'given', WEB_PORT: '1' };
    const read = withSecretFiles(env);
    assert.equal(read.UPSTREAM_TOKEN, 'from the file');
    assert.equal(read.VIEWER_SIGNING_KEY, 'given');
    assert.equal(read.WEB_PORT, '1');
  });

  it('whose file is not there ends the start, with every such variable named', () => {
    const env = { UPSTREAM_TOKEN_FILE: '/none/a', VIEWER_SIGNING_KEY_FILE: '/none/b' };
    assert.throws(() => withSecretFiles(env), {
      name: 'ConfigError',
      message: /UPSTREAM_TOKEN_FILE: .*\n.*VIEWER_SIGNING_KEY_FILE: /,
    });
  });
});
