import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createApiKeyReader } from '../../src/auth/api-keys.ts';
import { SCOPES } from '../../src/auth/rules.ts';
import { readScopes } from '../bff/scopes-table.ts';

const TOOL = fileURLToPath(new URL('../../tools/keys.ts', import.meta.url));
const KEY = /^fdk_(acme-[\da-f]{8})_([\w-]{43})\n$/;
const LOG = { error() {}, warn() {}, info() {}, debug() {} };

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for a file of keys, and the tool at work on it. */
async function createDesk() {
  const folder = await mkdtemp(join(tmpdir(), 'keys-tool-'));
  const file = join(folder, 'keys.json');
  const keys = (...args: string[]) =>
    new Promise<Ended>((resolve) => {
      const env = { PATH: process.env.PATH, API_KEYS_PATH: file };
      execFile(process.execPath, [TOOL, ...args], { env, cwd: folder }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  return {
    folder,
    file,
    keys,
    create: (...args: string[]) =>
      keys('create', '--partner', 'acme', '--scopes', 'orders:read', ...args),
    read: async () => JSON.parse(await readFile(file, 'utf8')).keys,
    /** Whose key it is for a server that starts now. */
    partnerOf(key: string) {
      const reader = createApiKeyReader(file, LOG);
      try {
        return reader.readViewer(key.trim());
      } finally {
        reader.close();
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

test('makes a key, shows it once, and keeps nothing of it but a hash', async () => {
  await using desk = await createDesk();
  const scopes = 'orders:read,profile:read';
  const made = await desk.keys('create', '--partner', 'acme', '--scopes', scopes);
  const [, id, secret = ''] = KEY.exec(made.stdout) ?? [];
  assert.equal(made.code, 0);
  assert.match(made.stderr, new RegExp(`^This is the only time .*${id}[^\n]*\n$`));
  assert.deepEqual(desk.partnerOf(made.stdout), {
    role: 'partner',
    partner: 'acme',
    scopes: scopes.split(','),
  });
  const text = await readFile(desk.file, 'utf8');
  assert.ok(!text.includes(secret) && !made.stderr.includes(secret));
  assert.equal((await stat(desk.file)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(desk.folder), ['keys.json'], 'and leaves nothing else behind');
  assert.ok(!(await desk.keys('list')).stdout.includes(secret));
});

test('makes keys that expire', async () => {
  await using desk = await createDesk();
  const before = Date.now();
  await desk.create('--expires', '90d');
  const [{ expiresAt, createdAt }] = await desk.read();
  assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 90 * 86_400_000);
  assert.ok(Date.parse(createdAt) >= before - 1_000);
});

test('rotates: the new key at once, the old ones for as long as is said', async () => {
  await using desk = await createDesk();
  const old = await desk.create();
  await desk.create('--expires', '1d');
  await desk.keys('create', '--partner', 'bee', '--scopes', 'orders:read');
  const [, brief] = await desk.read();
  const fresh = await desk.create('--rotate', '--overlap', '2d');
  assert.equal(fresh.code, 0);
  for (const { stdout } of [old, fresh]) assert.equal(desk.partnerOf(stdout).partner, 'acme');
  const [first, second, bee, last] = await desk.read();
  assert.equal(Date.parse(first.expiresAt) - Date.parse(last.createdAt), 2 * 86_400_000);
  assert.deepEqual(second, brief, 'what ends before is not prolonged');
  assert.equal(bee.expiresAt, undefined, 'others are left alone');
  assert.equal(last.expiresAt, undefined);

  const instant = await desk.create('--rotate', '--overlap', '0d');
  assert.throws(() => desk.partnerOf(old.stdout), { code: 'UNAUTHENTICATED' });
  assert.throws(() => desk.partnerOf(fresh.stdout), { code: 'UNAUTHENTICATED' });
  assert.equal(desk.partnerOf(instant.stdout).partner, 'acme');
});

test('lists keys by what may be known of them', async () => {
  await using desk = await createDesk();
  await desk.create('--expires', '1d');
  await desk.create();
  const kept = await desk.read();
  const { code, stdout, stderr } = await desk.keys('list');
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  const [head, ...rows] = stdout.trimEnd().split('\n');
  assert.match(head ?? '', /^id +partner +scopes +created +expires$/);
  assert.equal(rows.length, 2);
  for (const [n, { id, hash, createdAt, expiresAt = 'never' }] of kept.entries()) {
    assert.deepEqual(rows[n]?.split(/ +/), [id, 'acme', 'orders:read', createdAt, expiresAt]);
    assert.ok(!stdout.includes(hash));
  }
});

test('revokes a key by its id', async () => {
  await using desk = await createDesk();
  const [one, other] = [await desk.create(), await desk.create()];
  const [, id = ''] = KEY.exec(one.stdout) ?? [];
  const { code, stdout, stderr } = await desk.keys('revoke', id);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: '' });
  assert.match(stderr, new RegExp(`^${id} is revoked`));
  assert.throws(() => desk.partnerOf(one.stdout), { code: 'UNAUTHENTICATED' });
  assert.equal(desk.partnerOf(other.stdout).partner, 'acme');
});

test('two commands at once never undo each other', async () => {
  await using desk = await createDesk();
  const ended = await Promise.all(Array.from({ length: 6 }, () => desk.create()));
  const made = ended.filter(({ code }) => code === 0);
  assert.ok(made.length > 0);
  for (const { stdout } of made) assert.equal(desk.partnerOf(stdout).partner, 'acme');
  assert.equal((await desk.read()).length, made.length);
  for (const { code, stdout, stderr } of ended.filter(({ code }) => code !== 0)) {
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /another command is at work/);
  }
});

test('a command waits for another that is at work, though not forever', async () => {
  await using desk = await createDesk();
  const draft = `${desk.file}.new`;
  await writeFile(draft, '');
  const { code, stderr } = await desk.create();
  assert.equal(code, 2);
  assert.match(stderr, /keys\.json\.new" is there: another command is at work, or was cut off/);
  assert.deepEqual(await readdir(desk.folder), ['keys.json.new'], 'which is not its own to remove');

  const waiting = desk.create();
  // It is still starting then, or waits.
  await sleep(300);
  await rm(draft);
  assert.equal(desk.partnerOf((await waiting).stdout).partner, 'acme');
});

test('gives keys the scopes that let them in somewhere, and no others', async () => {
  await using desk = await createDesk();
  const useful = new Set([...readScopes().values()].flatMap(({ key }) => key));
  assert.ok(useful.size > 0);
  const all = ['create', '--partner', 'acme', '--scopes', [...useful].join()];
  assert.equal((await desk.keys(...all)).code, 0);
  const useless = SCOPES.filter((scope) => !useful.has(scope));
  const ended = await Promise.all(
    useless.map((scope) => desk.keys('create', '--partner', 'acme', '--scopes', scope)),
  );
  for (const { code, stderr } of ended) {
    assert.equal(code, 2);
    assert.match(stderr, /^[^\n]*keys see these and change nothing[^\n]*\n$/);
  }
});

test('a file that is broken is left as it is', async () => {
  await using desk = await createDesk();
  await writeFile(desk.file, '{"keys":[{}]}');
  for (const args of [
    ['create', '--partner', 'a', '--scopes', 'orders:read'],
    ['list'],
    ['revoke', 'a'],
  ]) {
    const { code, stdout, stderr } = await desk.keys(...args);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^keys\.0\.id: [^\n]*\n$/);
  }
  assert.equal(await readFile(desk.file, 'utf8'), '{"keys":[{}]}');
  assert.deepEqual(await readdir(desk.folder), ['keys.json']);
});

const CREATE = ['create', '--partner', 'acme', '--scopes', 'orders:read'];
const MISTAKES: Record<string, { args: string[]; says: RegExp }> = {
  nothing: { args: [], says: /create, list or revoke/ },
  'an unknown command': { args: ['delete'], says: /create, list or revoke/ },
  'an unknown option': { args: [...CREATE, '--force'], says: /'--force'/ },
  'no partner': { args: ['create', '--scopes', 'orders:read'], says: /--partner must be/ },
  'a partner that is a path': {
    args: ['create', '--partner', '../x', '--scopes', 'orders:read'],
    says: /--partner must be/,
  },
  'no scopes': { args: ['create', '--partner', 'acme'], says: /--scopes must be/ },
  'a scope that there is not': {
    args: ['create', '--partner', 'acme', '--scopes', 'orders:read,order:read'],
    says: /--scopes must be some of orders:read,profile:read/,
  },
  'an expiry without a unit': { args: [...CREATE, '--expires', '90'], says: /30m, 12h or 90d/ },
  'an expiry of nothing': { args: [...CREATE, '--expires', '0d'], says: /--expires must be/ },
  'an expiry too far away': { args: [...CREATE, '--expires', '9999d'], says: /at most 3650d/ },
  'an overlap of nothing': {
    args: [...CREATE, '--overlap', '7d'],
    says: /--overlap is for --rotate/,
  },
  'nothing to rotate': { args: [...CREATE, '--rotate'], says: /no valid key/ },
  'a list of one': { args: ['list', 'acme'], says: /"acme" is one word too many/ },
  'no file to list': { args: ['list'], says: /no file of keys at/ },
  'nothing to revoke': { args: ['revoke'], says: /name the key/ },
  'no file': { args: ['list', '--file', ''], says: /API_KEYS_PATH, or --file/ },
  'no folder': { args: [...CREATE, '--file', '/nowhere/keys.json'], says: /can't be written/ },
};

for (const [name, { args, says }] of Object.entries(MISTAKES)) {
  test(`${name} is refused in one line that says what is right`, async () => {
    await using desk = await createDesk();
    const { code, stdout, stderr } = await desk.keys(...args);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, says);
    assert.match(stderr, /^[^\n]*Usage: npm run -s keys -- [^\n]*\n$/);
    assert.deepEqual(await readdir(desk.folder), []);
  });
}

test('--help prints the usage and every option, and writes nothing', async () => {
  await using desk = await createDesk();
  const { code, stdout, stderr } = await desk.keys('--help');
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  for (const name of ['file', 'partner', 'scopes', 'expires', 'rotate', 'overlap']) {
    assert.match(stdout, new RegExp(`^ +--${name}\\b`, 'm'));
  }
  assert.deepEqual(await readdir(desk.folder), []);
});
