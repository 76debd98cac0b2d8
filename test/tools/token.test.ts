import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeJwt } from 'jose';

const TOOL = fileURLToPath(new URL('../../tools/token.ts', import.meta.url));

function token(...args: string[]) {
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [TOOL, ...args], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

test('prints one token and nothing else', async () => {
  const { code, stdout, stderr } = await token('--user', '42');
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const { sub, role, iat = 0, exp } = decodeJwt(stdout.trim());
  assert.deepEqual({ sub, role, exp }, { sub: '42', role: 'customer', exp: iat + 3_600 });
});

test('takes a role and a lifetime, also one that is over', async () => {
  const { stdout } = await token('--user', '1', '--role', 'staff', '--expires', '-2d');
  const { role, iat = 0, exp } = decodeJwt(stdout.trim());
  assert.deepEqual({ role, exp }, { role: 'staff', exp: iat - 2 * 86_400 });
});

test('takes a scope, also an empty one; without, the token has none', async () => {
  for (const scope of ['orders:read profile:read', '']) {
    const { code, stdout } = await token('--user', '1', '--scope', scope);
    assert.deepEqual({ code, scope: decodeJwt(stdout.trim()).scope }, { code: 0, scope });
  }
  const { stdout } = await token('--user', '1');
  assert.ok(!('scope' in decodeJwt(stdout.trim())));
});

const MISTAKES: Record<string, { args: string[]; says: RegExp }> = {
  'no user': { args: [], says: /--user must be/ },
  'a user that is a path': { args: ['--user', '../1'], says: /--user must be/ },
  'an unknown role': { args: ['--user', '1', '--role', 'root'], says: /customer or staff/ },
  'a lifetime without unit': {
    args: ['--user', '1', '--expires', '60'],
    says: /30s, 15m, 1h, 30d/,
  },
  'a scope with commas': {
    args: ['--user', '1', '--scope', 'orders:read,profile:read'],
    says: /--scope must be .*one space/,
  },
  'a scope with two spaces': {
    args: ['--user', '1', '--scope', 'orders:read  profile:read'],
    says: /--scope must be/,
  },
  'a scope with a line feed': {
    args: ['--user', '1', '--scope', 'orders:read\n'],
    says: /--scope must be/,
  },
  'an unknown option': { args: ['--user', '1', '--admin'], says: /'--admin'/ },
  'a missing value': { args: ['--expires', '--user', '1'], says: /'--expires'/ },
};

for (const [name, { args, says }] of Object.entries(MISTAKES)) {
  test(`${name} is refused in one line that says what is allowed`, async () => {
    const { code, stdout, stderr } = await token(...args);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, says);
    assert.match(stderr, /^[^\n]*--role customer\|staff[^\n]*\n$/);
  });
}

for (const option of ['--help', '-h']) {
  test(`${option} prints every option, and no token`, async () => {
    const { code, stdout, stderr } = await token(option);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    for (const name of ['user', 'role', 'expires', 'scope']) {
      assert.match(stdout, new RegExp(`^ +--${name} `, 'm'));
    }
  });
}
