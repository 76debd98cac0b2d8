import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';
import { token } from '../../tools/token.ts';
import { runProcess, runTool } from './run-tool.ts';

const TOOL = fileURLToPath(new URL('../../tools/token.ts', import.meta.url));

const run = (...args: string[]) => runTool(token, args);

describe('npm run token', () => {
  it('prints one token and nothing else', async () => {
    const { code, stdout, stderr } = await runProcess(process.execPath, [TOOL, '--user', '42']);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { sub, role, iat = 0, exp } = decodeJwt(stdout.trim());
    assert.deepEqual({ sub, role, exp }, { sub: '42', role: 'customer', exp: iat + 3_600 });
  });

  it('accepts any printable id of a user', async () => {
    for (const id of ['auth0|42', 'mia@example.com', 'https://id.example/u?x=1', '陽翔 🦊']) {
      const { code, stdout } = await runProcess(process.execPath, [TOOL, '--user', id]);
      assert.equal(code, 0);
      assert.equal(decodeJwt(stdout.trim()).sub, id);
    }
  });

  it('exits with code 2 on wrong arguments', async () => {
    const { code, stdout, stderr } = await runProcess(process.execPath, [TOOL]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^--user must be [^\n]*\. Usage: [^\n]*\n$/);
  });

  it('accepts a role and a lifetime, including one in the past', async () => {
    const { stdout } = await run('--user', '1', '--role', 'staff', '--expires', '-2d');
    const { role, iat = 0, exp } = decodeJwt(stdout.trim());
    assert.deepEqual({ role, exp }, { role: 'staff', exp: iat - 2 * 86_400 });
  });

  it('accepts a scope, including an empty one, and sets none if it is omitted', async () => {
    for (const scope of ['orders:read profile:read', '']) {
      const { code, stdout } = await run('--user', '1', '--scope', scope);
      assert.deepEqual({ code, scope: decodeJwt(stdout.trim()).scope }, { code: 0, scope });
    }
    const { stdout } = await run('--user', '1');
    assert.ok(!('scope' in decodeJwt(stdout.trim())));
  });

  const MISTAKES: Record<string, { args: string[]; error: RegExp }> = {
    'a missing user': { args: [], error: /--user must be/ },
    'a user that URLs lose': { args: ['--user', '..'], error: /--user must be/ },
    'an unknown role': { args: ['--user', '1', '--role', 'root'], error: /customer or staff/ },
    'a lifetime without a unit': {
      args: ['--user', '1', '--expires', '60'],
      error: /such as 30s, 15m, 12h or 90d/,
    },
    'a lifetime with an unknown unit': {
      args: ['--user', '1', '--expires', '5x'],
      error: /--expires must be/,
    },
    'a lifetime that is too long': {
      args: ['--user', '1', '--expires', '-3651d'],
      error: /at most 3650d/,
    },
    'a scope with commas': {
      args: ['--user', '1', '--scope', 'orders:read,profile:read'],
      error: /--scope must be .*one space/,
    },
    'a scope with two spaces': {
      args: ['--user', '1', '--scope', 'orders:read  profile:read'],
      error: /--scope must be/,
    },
    'a scope with a line feed': {
      args: ['--user', '1', '--scope', 'orders:read\n'],
      error: /--scope must be/,
    },
    'an unknown option': { args: ['--user', '1', '--admin'], error: /'--admin'/ },
    'a missing value': { args: ['--expires', '--user', '1'], error: /'--expires'/ },
  };

  for (const [mistake, { args, error }] of Object.entries(MISTAKES)) {
    it(`rejects ${mistake} with one line that says what is allowed`, async () => {
      const { code, stdout, stderr } = await run(...args);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, error);
      assert.match(stderr, /^[^\n]*--role customer\|staff[^\n]*\n$/);
    });
  }

  for (const option of ['--help', '-h']) {
    it(`${option} prints every option and no token`, async () => {
      const { code, stdout, stderr } = await run(option);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
      for (const name of ['user', 'role', 'expires', 'scope']) {
        assert.match(stdout, new RegExp(`^ +--${name} `, 'm'));
      }
    });
  }
});
