import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createApiKeyReader } from '../../src/auth/api-keys.ts';
import { SCOPES } from '../../src/auth/rules.ts';
import { createKeysCommand } from '../../tools/keys.ts';
import { readScopes } from '../bff/rights/scopes-table.ts';
import { runProcess, runTool } from './run-tool.ts';

const TOOL = fileURLToPath(new URL('../../tools/keys.ts', import.meta.url));
const KEY = /^fdk_(acme-[\da-f]{8})_([\w-]{43})\n$/;
const LOG = { error() {}, warn() {}, info() {}, debug() {} };
const CREATE = ['create', '--partner', 'acme', '--scopes', 'orders:read'];

/** A folder for a key file, and the command that works on it. */
async function createHarness(command = createKeysCommand()) {
  const folder = await mkdtemp(join(tmpdir(), 'keys-tool-'));
  const file = join(folder, 'keys.json');
  const keys = (...args: string[]) => runTool(command, args, { API_KEYS_PATH: file });
  return {
    folder,
    file,
    keys,
    create: (...args: string[]) => keys(...CREATE, ...args),
    createInProcess: () => {
      const env = { ...process.env, API_KEYS_PATH: file };
      return runProcess(process.execPath, [TOOL, ...CREATE], { env, cwd: folder });
    },
    read: async () => JSON.parse(await readFile(file, 'utf8')).keys,
    /** The partner that a server which starts now authenticates by the key. */
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

describe('npm run keys', () => {
  it('creates a key, prints it once and stores only its hash', async () => {
    await using harness = await createHarness();
    const scopes = 'orders:read,profile:read';
    const created = await harness.keys('create', '--partner', 'acme', '--scopes', scopes);
    const [, id, secret = ''] = KEY.exec(created.stdout) ?? [];
    assert.equal(created.code, 0);
    assert.match(created.stderr, new RegExp(`^Store this key now, .*${id}[^\n]*\n$`));
    assert.deepEqual(harness.partnerOf(created.stdout), {
      role: 'partner',
      partner: 'acme',
      scopes: scopes.split(','),
    });
    const text = await readFile(harness.file, 'utf8');
    assert.ok(!text.includes(secret) && !created.stderr.includes(secret));
    assert.equal((await stat(harness.file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(harness.folder), ['keys.json'], 'no other file is left behind');
    assert.ok(!(await harness.keys('list')).stdout.includes(secret));
  });

  it('creates keys that expire', async () => {
    await using harness = await createHarness();
    const before = Date.now();
    await harness.create('--expires', '90d');
    const [{ expiresAt, createdAt }] = await harness.read();
    assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 90 * 86_400_000);
    assert.ok(Date.parse(createdAt) >= before - 1_000);
  });

  it('rotates keys: the new one is valid immediately, the old ones until the overlap ends', async () => {
    await using harness = await createHarness();
    const old = await harness.create();
    await harness.create('--expires', '1d');
    await harness.keys('create', '--partner', 'bee', '--scopes', 'orders:read');
    const [, expiring] = await harness.read();
    const fresh = await harness.create('--rotate', '--overlap', '2d');
    assert.equal(fresh.code, 0);
    for (const { stdout } of [old, fresh]) assert.equal(harness.partnerOf(stdout).partner, 'acme');
    const [first, second, bee, last] = await harness.read();
    assert.equal(Date.parse(first.expiresAt) - Date.parse(last.createdAt), 2 * 86_400_000);
    assert.deepEqual(second, expiring, 'an earlier expiry stays');
    assert.equal(bee.expiresAt, undefined, 'keys of other partners stay');
    assert.equal(last.expiresAt, undefined);

    const instant = await harness.create('--rotate', '--overlap', '0d');
    assert.throws(() => harness.partnerOf(old.stdout), { code: 'UNAUTHENTICATED' });
    assert.throws(() => harness.partnerOf(fresh.stdout), { code: 'UNAUTHENTICATED' });
    assert.equal(harness.partnerOf(instant.stdout).partner, 'acme');
  });

  it('lists keys without their secrets and hashes', async () => {
    await using harness = await createHarness();
    await harness.create('--expires', '1d');
    await harness.create();
    const stored = await harness.read();
    const { code, stdout, stderr } = await harness.keys('list');
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const [head, ...rows] = stdout.trimEnd().split('\n');
    assert.match(head ?? '', /^id +partner +scopes +units\/min +operations +created +expires$/);
    assert.equal(rows.length, 2);
    for (const [n, { id, hash, createdAt, expiresAt = 'never' }] of stored.entries()) {
      const limits = ['default', '*'];
      const row = [id, 'acme', 'orders:read', ...limits, createdAt, expiresAt];
      assert.deepEqual(rows[n]?.split(/ +/), row);
      assert.ok(!stdout.includes(hash));
    }
  });

  it('creates keys with their own rate limit and operations, and changes both', async () => {
    await using harness = await createHarness();
    const hash = 'f'.repeat(64);
    const limits = ['--units-per-minute', '500', '--operations', `RecentOrders, ${hash}`];
    const { stdout } = await harness.create(...limits);
    const [, id = ''] = KEY.exec(stdout) ?? [];
    const { keyLimit, operations } = harness.partnerOf(stdout);
    assert.deepEqual(keyLimit, { keyId: id, unitsPerMinute: 500 });
    assert.deepEqual(operations, new Set(['RecentOrders', hash]));
    assert.match((await harness.keys('list')).stdout, new RegExp(` 500 +RecentOrders,${hash} `));

    const changed = await harness.keys('limit', id, '--operations', 'MyOrders');
    assert.match(changed.stderr, new RegExp(`^The limits of ${id} are changed[^\n]*\n$`));
    assert.deepEqual(harness.partnerOf(stdout).operations, new Set(['MyOrders']));
    assert.deepEqual(harness.partnerOf(stdout).keyLimit, keyLimit, 'what is not stated stays');
    await harness.keys('limit', id, '--operations', '*', '--units-per-minute', 'default');
    const [key] = await harness.read();
    assert.ok(!('operations' in key) && !('unitsPerMinute' in key));
  });

  it('rotates keys with their limits, and lifts none that is not stated', async () => {
    await using harness = await createHarness();
    await harness.create('--units-per-minute', '500', '--operations', 'RecentOrders');
    const same = harness.partnerOf((await harness.create('--rotate')).stdout);
    assert.equal(same.keyLimit?.unitsPerMinute, 500);
    assert.deepEqual(same.operations, new Set(['RecentOrders']));

    const stated = await harness.create('--rotate', '--operations', '*');
    assert.equal(harness.partnerOf(stated.stdout).operations, undefined);
    const unclear = await harness.create('--rotate');
    assert.equal(unclear.code, 2);
    assert.match(unclear.stderr, /the keys to rotate differ in their limits: state --operations/);
    assert.equal((await harness.read()).length, 3, 'an unclear rotation changes nothing');
  });

  it('revokes a key by its id', async () => {
    await using harness = await createHarness();
    const [one, other] = [await harness.create(), await harness.create()];
    const [, id = ''] = KEY.exec(one.stdout) ?? [];
    const { code, stdout, stderr } = await harness.keys('revoke', id);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: '' });
    assert.match(stderr, new RegExp(`^${id} is revoked`));
    assert.throws(() => harness.partnerOf(one.stdout), { code: 'UNAUTHENTICATED' });
    assert.equal(harness.partnerOf(other.stdout).partner, 'acme');
  });

  it('loses no key when several processes write the file concurrently', async () => {
    await using harness = await createHarness();
    const results = await Promise.all(Array.from({ length: 6 }, () => harness.createInProcess()));
    const created = results.filter(({ code }) => code === 0);
    assert.ok(created.length > 0);
    for (const { stdout } of created) assert.equal(harness.partnerOf(stdout).partner, 'acme');
    assert.equal((await harness.read()).length, created.length);
    for (const { code, stdout, stderr } of results.filter(({ code }) => code !== 0)) {
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, /another command is running/);
    }
  });

  it('waits for another command that is writing the file, up to a limit', async () => {
    await using impatient = await createHarness(createKeysCommand(100));
    await writeFile(`${impatient.file}.new`, '');
    const { code, stderr } = await impatient.create();
    assert.equal(code, 2);
    assert.match(stderr, /keys\.json\.new" exists: another command is running, or was interrupted/);
    assert.deepEqual(await readdir(impatient.folder), ['keys.json.new'], 'the lock stays');

    await using harness = await createHarness(createKeysCommand(20_000));
    await writeFile(`${harness.file}.new`, '');
    const waiting = harness.create();
    await rm(`${harness.file}.new`);
    assert.equal(harness.partnerOf((await waiting).stdout).partner, 'acme');
  });

  it('accepts exactly the scopes that some field accepts from API keys', async () => {
    await using harness = await createHarness();
    const useful = new Set([...readScopes().values()].flatMap(({ key }) => key));
    assert.ok(useful.size > 0);
    const all = ['create', '--partner', 'acme', '--scopes', [...useful].join()];
    assert.equal((await harness.keys(...all)).code, 0);
    const useless = SCOPES.filter((scope) => !useful.has(scope));
    const results = await Promise.all(
      useless.map((scope) => harness.keys('create', '--partner', 'acme', '--scopes', scope)),
    );
    for (const { code, stderr } of results) {
      assert.equal(code, 2);
      assert.match(stderr, /^[^\n]*API keys only read[^\n]*\n$/);
    }
  });

  it('leaves an invalid file unchanged', async () => {
    await using harness = await createHarness();
    await writeFile(harness.file, '{"keys":[{}]}');
    for (const args of [
      ['create', '--partner', 'a', '--scopes', 'orders:read'],
      ['list'],
      ['revoke', 'a'],
    ]) {
      const { code, stdout, stderr } = await harness.keys(...args);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, /^keys\.0\.id: [^\n]*\n$/);
    }
    assert.equal(await readFile(harness.file, 'utf8'), '{"keys":[{}]}');
    assert.deepEqual(await readdir(harness.folder), ['keys.json']);
  });

  const MISTAKES: Record<string, { args: string[]; error: RegExp }> = {
    'a missing command': { args: [], error: /create, limit, list or revoke/ },
    'an unknown command': { args: ['delete'], error: /create, limit, list or revoke/ },
    'an unknown option': { args: [...CREATE, '--force'], error: /'--force'/ },
    'a missing partner': {
      args: ['create', '--scopes', 'orders:read'],
      error: /--partner must be/,
    },
    'a partner that is a path': {
      args: ['create', '--partner', '../x', '--scopes', 'orders:read'],
      error: /--partner must be/,
    },
    'missing scopes': { args: ['create', '--partner', 'acme'], error: /--scopes must be/ },
    'an unknown scope': {
      args: ['create', '--partner', 'acme', '--scopes', 'orders:read,order:read'],
      error: /--scopes must be some of orders:read,profile:read/,
    },
    'an expiry without a unit': {
      args: [...CREATE, '--expires', '90'],
      error: /such as 30s, 15m, 12h or 90d/,
    },
    'an expiry of zero': { args: [...CREATE, '--expires', '0d'], error: /--expires must be/ },
    'an expiry that is too late': {
      args: [...CREATE, '--expires', '9999d'],
      error: /at most 3650d/,
    },
    'a rate limit of zero': {
      args: [...CREATE, '--units-per-minute', '0'],
      error: /--units-per-minute must be a whole number, at least 1/,
    },
    'a rate limit that is no number': {
      args: [...CREATE, '--units-per-minute', '1e3'],
      error: /--units-per-minute must be/,
    },
    'operations that are no names': {
      args: [...CREATE, '--operations', 'RecentOrders,my orders'],
      error: /--operations must be names/,
    },
    'an empty list of operations': {
      args: [...CREATE, '--operations', ''],
      error: /--operations must be names/,
    },
    'limits of no key': { args: ['limit'], error: /name the id of the key to limit/ },
    'no limits of a key': { args: ['limit', 'acme-1'], error: /state --units-per-minute, --op/ },
    'an overlap without a rotation': {
      args: [...CREATE, '--overlap', '7d'],
      error: /--overlap requires --rotate/,
    },
    'a rotation without a valid key': { args: [...CREATE, '--rotate'], error: /no valid key/ },
    'a list with an argument': { args: ['list', 'acme'], error: /unexpected argument "acme"/ },
    'a list without a file': { args: ['list'], error: /no key file at/ },
    'a revocation without an id': { args: ['revoke'], error: /name the id of the key/ },
    'an empty path': { args: ['list', '--file', ''], error: /set API_KEYS_PATH or --file/ },
    'a path in no folder': {
      args: [...CREATE, '--file', '/nowhere/keys.json'],
      error: /can't be written/,
    },
  };

  for (const [mistake, { args, error }] of Object.entries(MISTAKES)) {
    it(`rejects ${mistake} with one line that says what is allowed`, async () => {
      await using harness = await createHarness();
      const { code, stdout, stderr } = await harness.keys(...args);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, error);
      assert.match(stderr, /^[^\n]*Usage: npm run -s keys -- [^\n]*\n$/);
      assert.deepEqual(await readdir(harness.folder), []);
    });
  }

  it('--help prints the usage and every option and writes nothing', async () => {
    await using harness = await createHarness();
    const { code, stdout, stderr } = await harness.keys('--help');
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const limits = ['units-per-minute', 'operations'];
    for (const name of ['file', 'partner', 'scopes', 'expires', 'rotate', 'overlap', ...limits]) {
      assert.match(stdout, new RegExp(`^ +--${name}\\b`, 'm'));
    }
    assert.deepEqual(await readdir(harness.folder), []);
  });
});
