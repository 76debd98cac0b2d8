import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, mock } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  formatKey,
  formatKeyFile,
  type StoredKey,
  secretHash,
} from '../../src/auth/api-key-file.ts';
import { createApiKeyReader } from '../../src/auth/api-keys.ts';
import { ConfigError } from '../../src/config/index.ts';
import { until } from '../support/until.ts';

const POLL_MS = 10;
const SECRET = 'abcdefghijklmnopqrstuvwxyz-_0123456789ABCDEF';
const OTHER_SECRET = SECRET.replace('a', 'b');
const UNAUTHENTICATED = { name: 'BffError', code: 'UNAUTHENTICATED' };

const stored = (changed: Partial<StoredKey> = {}): StoredKey => ({
  id: 'acme-1',
  partner: 'acme',
  hash: secretHash(SECRET).toString('hex'),
  scopes: ['orders:read'],
  createdAt: '2026-01-01T00:00:00Z',
  ...changed,
});

async function startReader(...keys: StoredKey[]) {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'));
  const path = join(folder, 'keys.json');
  const write = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  await write(formatKeyFile(keys));
  const logged: unknown[] = [];
  const record = (...args: unknown[]) => void logged.push(args);
  const log = { error: record, warn: record, info: record, debug: record };
  const reader = createApiKeyReader(path, log, POLL_MS);
  const isAccepted = (key: string) => {
    try {
      return reader.readViewer(key).role === 'partner';
    } catch {
      return false;
    }
  };
  return {
    path,
    logged,
    reader,
    isAccepted,
    write,
    writeKeys: (...replacement: StoredKey[]) => write(formatKeyFile(replacement)),
    async [Symbol.asyncDispose]() {
      reader.close();
      await rm(folder, { recursive: true });
    },
  };
}

const VALID_KEY = formatKey('acme-1', SECRET);

describe('The API key reader', () => {
  it('returns the partner of a key and its scopes', async () => {
    await using keys = await startReader(stored(), stored({ id: 'b', partner: 'bee', scopes: [] }));
    const acme = { role: 'partner', partner: 'acme', scopes: ['orders:read'] };
    assert.deepEqual(keys.reader.readViewer(VALID_KEY), acme);
    const bee = { role: 'partner', partner: 'bee', scopes: [] };
    assert.deepEqual(keys.reader.readViewer(formatKey('b', SECRET)), bee);
  });

  it('refuses a key that differs in any character, always with the same message', async () => {
    await using keys = await startReader(stored());
    const invalidKeys = [
      '',
      SECRET,
      'fdk_',
      'fdk_acme-1',
      'fdk_acme-1_',
      formatKey('', SECRET),
      formatKey('acme-2', SECRET),
      formatKey('ACME-1', SECRET),
      formatKey('__proto__', SECRET),
      formatKey('constructor', SECRET),
      formatKey('acme-1', OTHER_SECRET),
      formatKey('acme-1', SECRET.slice(0, -1)),
      formatKey('acme-1', `${SECRET}a`),
      formatKey('acme-1', SECRET.toLowerCase()),
      formatKey('acme-1', secretHash(SECRET).toString('hex')),
      formatKey('acme-1', 'x'.repeat(10_000)),
      VALID_KEY.replace('fdk', 'FDK'),
      ` ${VALID_KEY}`,
      `${VALID_KEY}\n`,
      `${VALID_KEY}, ${VALID_KEY}`,
    ];
    for (const key of invalidKeys) {
      assert.throws(
        () => keys.reader.readViewer(key),
        { ...UNAUTHENTICATED, message: 'The API key is not valid.' },
        key,
      );
    }
  });

  it('refuses a key from the moment it expires, without a new file', async () => {
    await using keys = await startReader(stored({ expiresAt: '2100-01-01T00:00:00Z' }));
    assert.ok(keys.isAccepted(VALID_KEY));
    mock.timers.enable({ apis: ['Date'], now: Date.parse('2100-01-01T00:00:00Z') - 1 });
    try {
      assert.ok(keys.isAccepted(VALID_KEY));
      mock.timers.setTime(Date.parse('2100-01-01T00:00:00Z'));
      assert.throws(() => keys.reader.readViewer(VALID_KEY), {
        ...UNAUTHENTICATED,
        message: /expired/,
      });
      // A wrong secret does not reveal that the key exists.
      assert.throws(() => keys.reader.readViewer(formatKey('acme-1', OTHER_SECRET)), /not valid/);
    } finally {
      mock.timers.reset();
    }
  });

  it('rotates keys with an overlap, and revokes them, while the server runs', async () => {
    await using keys = await startReader(stored());
    const next = formatKey('acme-2', OTHER_SECRET);
    const newer = stored({ id: 'acme-2', hash: secretHash(OTHER_SECRET).toString('hex') });
    assert.ok(!keys.isAccepted(next));
    await keys.writeKeys(stored({ expiresAt: '2100-01-01T00:00:00Z' }), newer);
    await until(() => keys.isAccepted(next));
    assert.ok(keys.isAccepted(VALID_KEY), 'both are valid during the overlap');
    await keys.writeKeys(newer);
    await until(() => !keys.isAccepted(VALID_KEY));
    assert.ok(keys.isAccepted(next));
    assert.deepEqual(keys.logged, []);
  });

  it('applies changed limits and operations while the server runs', async () => {
    await using keys = await startReader(stored({ unitsPerMinute: 5, operations: ['A'] }));
    const viewer = () => keys.reader.readViewer(VALID_KEY);
    assert.deepEqual(viewer().keyLimit, { keyId: 'acme-1', unitsPerMinute: 5 });
    assert.deepEqual(viewer().operations, new Set(['A']));
    await keys.writeKeys(stored({ unitsPerMinute: 6, operations: [] }));
    await until(() => viewer().keyLimit?.unitsPerMinute === 6);
    assert.deepEqual(viewer().operations, new Set());
    await keys.writeKeys(stored());
    await until(() => viewer().keyLimit === undefined);
    assert.equal(viewer().operations, undefined);
  });

  it('keeps the keys and logs one error while the file is invalid or missing', async () => {
    await using keys = await startReader(stored());
    await keys.write('{"keys":[');
    await until(() => keys.logged.length > 0);
    await sleep(10 * POLL_MS);
    assert.equal(keys.logged.length, 1, 'one error, not one per poll');
    assert.ok(keys.isAccepted(VALID_KEY));
    await rm(keys.path);
    await until(() => keys.logged.length === 2);
    assert.ok(keys.isAccepted(VALID_KEY));
    assert.match(JSON.stringify(keys.logged[0]), /API_KEYS_PATH.*the known keys stay valid/);
    await keys.writeKeys();
    await until(() => !keys.isAccepted(VALID_KEY));
  });

  const INVALID_FILES: Record<string, [text: string, message: RegExp]> = {
    'invalid JSON': ['{"keys":[{"hash":"secret"', /the file is not JSON$/],
    'a list instead of an object': ['[]', /the file: .*object/],
    'no member "keys"': ['{}', /keys: /],
    'an unknown member': ['{"keys":[],"more":1}', /more/],
    'a duplicate id': [formatKeyFile([stored(), stored()]), /keys: two keys have the same id/],
    'an empty id': [formatKeyFile([stored({ id: '' })]), /keys\.0\.id: /],
    'an id with a path': [formatKeyFile([stored({ id: '../x' })]), /keys\.0\.id: /],
    'a partner with spaces': [formatKeyFile([stored({ partner: 'a b' })]), /keys\.0\.partner: /],
    'a secret instead of its hash': [formatKeyFile([stored({ hash: SECRET })]), /keys\.0\.hash: /],
    'a malformed scope': [
      formatKeyFile([stored(), stored({ id: 'b', scopes: ['a b'] })]),
      /keys\.1\.scopes\.0: /,
    ],
    'a limit of zero': [formatKeyFile([stored({ unitsPerMinute: 0 })]), /\.0\.unitsPerMinute: /],
    'half a unit': [formatKeyFile([stored({ unitsPerMinute: 0.5 })]), /\.0\.unitsPerMinute: /],
    'an operation that is no name': [
      formatKeyFile([stored({ operations: ['A', 'secret!'] })]),
      /keys\.0\.operations\.1: /,
    ],
    'operations of null': [
      formatKeyFile([{ ...stored(), operations: null } as unknown as StoredKey]),
      /keys\.0\.operations: /,
    ],
    'scopes as a string': ['{"keys":[{"scopes":"orders:read"}]}', /keys\.0\./],
    'an expiry that is not a time': [
      formatKeyFile([stored({ expiresAt: 'soon' })]),
      /keys\.0\.expiresAt: /,
    ],
    'an expiry without a time zone': [
      formatKeyFile([stored({ expiresAt: '2100-01-01T00:00:00' })]),
      /keys\.0\.expiresAt: /,
    ],
    'an expiry of null': [
      formatKeyFile([{ ...stored(), expiresAt: null } as unknown as StoredKey]),
      /keys\.0\.expiresAt: /,
    ],
  };

  for (const [what, [text, message]] of Object.entries(INVALID_FILES)) {
    it(`rejects a file with ${what} at startup, quoting nothing of it`, async () => {
      await using keys = await startReader();
      await keys.write(text);
      assert.throws(
        () => createApiKeyReader(keys.path, { error() {}, warn() {}, info() {}, debug() {} }),
        (error) => {
          assert.ok(error instanceof ConfigError);
          assert.match(
            error.message,
            new RegExp(`^The configuration is wrong:\n {2}API_KEYS_PATH: "${keys.path}": [^\n]*$`),
          );
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, new RegExp(`${SECRET}|${stored().hash}|secret`));
          return true;
        },
      );
    });
  }

  it('rejects a missing file at startup', () => {
    const log = { error() {}, warn() {}, info() {}, debug() {} };
    assert.throws(() => createApiKeyReader('/nowhere/keys.json', log), {
      name: 'ConfigError',
      message: /API_KEYS_PATH: there is no readable file at "\/nowhere\/keys\.json"/,
    });
  });
});
