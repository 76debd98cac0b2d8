import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  formatKey,
  formatKeyFile,
  type StoredKey,
  secretHash,
} from '../../src/auth/api-key-file.ts';
import { createApiKeyReader } from '../../src/auth/api-keys.ts';
import { ConfigError } from '../../src/config.ts';
import { until } from '../support/until.ts';

const POLL_MS = 10;
const SECRET = 'abcdefghijklmnopqrstuvwxyz-_0123456789ABCDEF';
const OTHER = SECRET.replace('a', 'b');
const UNAUTHENTICATED = { name: 'BffError', code: 'UNAUTHENTICATED' };

const stored = (changed: Partial<StoredKey> = {}): StoredKey => ({
  id: 'acme-1',
  partner: 'acme',
  hash: secretHash(SECRET).toString('hex'),
  scopes: ['orders:read'],
  createdAt: '2026-01-01T00:00:00Z',
  ...changed,
});

async function startKeys(...keys: StoredKey[]) {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'));
  const path = join(folder, 'keys.json');
  const write = async (text: string) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  await write(formatKeyFile(keys));
  const logged: unknown[] = [];
  const say = (...words: unknown[]) => void logged.push(words);
  const log = { error: say, warn: say, info: say, debug: say };
  const reader = createApiKeyReader(path, log, POLL_MS);
  const isIn = (key: string) => {
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
    isIn,
    write,
    put: (...now: StoredKey[]) => write(formatKeyFile(now)),
    async [Symbol.asyncDispose]() {
      reader.close();
      await rm(folder, { recursive: true });
    },
  };
}

const GOOD = formatKey('acme-1', SECRET);

test('a key says which partner it is of, and what that may do', async () => {
  await using keys = await startKeys(stored(), stored({ id: 'b', partner: 'bee', scopes: [] }));
  const acme = { role: 'partner', partner: 'acme', scopes: ['orders:read'] };
  assert.deepEqual(keys.reader.readViewer(GOOD), acme);
  const bee = { role: 'partner', partner: 'bee', scopes: [] };
  assert.deepEqual(keys.reader.readViewer(formatKey('b', SECRET)), bee);
});

test('a key that is not right in every character is refused, and all alike', async () => {
  await using keys = await startKeys(stored());
  const wrong = [
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
    formatKey('acme-1', OTHER),
    formatKey('acme-1', SECRET.slice(0, -1)),
    formatKey('acme-1', `${SECRET}a`),
    formatKey('acme-1', SECRET.toLowerCase()),
    formatKey('acme-1', secretHash(SECRET).toString('hex')),
    formatKey('acme-1', 'x'.repeat(10_000)),
    GOOD.replace('fdk', 'FDK'),
    ` ${GOOD}`,
    `${GOOD}\n`,
    `${GOOD}, ${GOOD}`,
  ];
  for (const key of wrong) {
    assert.throws(
      () => keys.reader.readViewer(key),
      { ...UNAUTHENTICATED, message: 'The API key is not valid.' },
      key,
    );
  }
});

test('a key that has expired is refused, without a new file', async () => {
  await using keys = await startKeys(stored({ expiresAt: '2100-01-01T00:00:00Z' }));
  assert.ok(keys.isIn(GOOD));
  mock.timers.enable({ apis: ['Date'], now: Date.parse('2100-01-01T00:00:00Z') - 1 });
  try {
    assert.ok(keys.isIn(GOOD));
    mock.timers.setTime(Date.parse('2100-01-01T00:00:00Z'));
    assert.throws(() => keys.reader.readViewer(GOOD), { ...UNAUTHENTICATED, message: /expired/ });
    // Who has not the right secret is not told that there was such a key.
    assert.throws(() => keys.reader.readViewer(formatKey('acme-1', OTHER)), /not valid/);
  } finally {
    mock.timers.reset();
  }
});

test('keys are rotated with an overlap, and revoked, while the server runs', async () => {
  await using keys = await startKeys(stored());
  const next = formatKey('acme-2', OTHER);
  const newer = stored({ id: 'acme-2', hash: secretHash(OTHER).toString('hex') });
  assert.ok(!keys.isIn(next));
  await keys.put(stored({ expiresAt: '2100-01-01T00:00:00Z' }), newer);
  await until(() => keys.isIn(next));
  assert.ok(keys.isIn(GOOD), 'both, for a while');
  await keys.put(newer);
  await until(() => !keys.isIn(GOOD));
  assert.ok(keys.isIn(next));
  assert.deepEqual(keys.logged, []);
});

test('a file that is broken or gone is logged, and the keys stay until there is a right one', async () => {
  await using keys = await startKeys(stored());
  await keys.write('{"keys":[');
  await until(() => keys.logged.length > 0);
  await sleep(10 * POLL_MS);
  assert.equal(keys.logged.length, 1, 'once, not each time that it is looked at');
  assert.ok(keys.isIn(GOOD));
  await rm(keys.path);
  await until(() => keys.logged.length === 2);
  assert.ok(keys.isIn(GOOD));
  assert.match(JSON.stringify(keys.logged[0]), /API_KEYS_PATH.*stay/);
  await keys.put();
  await until(() => !keys.isIn(GOOD));
});

const WRONG_FILES: Record<string, [text: string, says: RegExp]> = {
  'no JSON': ['{"keys":[{"hash":"secret"', /the file is not JSON$/],
  'no object': ['[]', /the file: .*object/],
  'no keys': ['{}', /keys: /],
  'something else': ['{"keys":[],"more":1}', /more/],
  'two of the same id': [formatKeyFile([stored(), stored()]), /keys: two keys have the same id/],
  'no id': [formatKeyFile([stored({ id: '' })]), /keys\.0\.id: /],
  'an id with a path': [formatKeyFile([stored({ id: '../x' })]), /keys\.0\.id: /],
  'a partner with spaces': [formatKeyFile([stored({ partner: 'a b' })]), /keys\.0\.partner: /],
  'a secret instead of its hash': [formatKeyFile([stored({ hash: SECRET })]), /keys\.0\.hash: /],
  'a malformed scope': [
    formatKeyFile([stored(), stored({ id: 'b', scopes: ['a b'] })]),
    /keys\.1\.scopes\.0: /,
  ],
  'scopes in one text': ['{"keys":[{"scopes":"orders:read"}]}', /keys\.0\./],
  'an expiry that is no time': [
    formatKeyFile([stored({ expiresAt: 'soon' })]),
    /keys\.0\.expiresAt: /,
  ],
  'an expiry without a zone': [
    formatKeyFile([stored({ expiresAt: '2100-01-01T00:00:00' })]),
    /keys\.0\.expiresAt: /,
  ],
  'an expiry of null': [
    formatKeyFile([{ ...stored(), expiresAt: null } as unknown as StoredKey]),
    /keys\.0\.expiresAt: /,
  ],
};

for (const [what, [text, says]] of Object.entries(WRONG_FILES)) {
  test(`a file with ${what} ends the start, in words that show nothing of it`, async () => {
    await using keys = await startKeys();
    await keys.write(text);
    assert.throws(
      () => createApiKeyReader(keys.path, { error() {}, warn() {}, info() {}, debug() {} }),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(
          error.message,
          new RegExp(`^The configuration is wrong:\n {2}API_KEYS_PATH: "${keys.path}": [^\n]*$`),
        );
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, new RegExp(`${SECRET}|${stored().hash}|secret`));
        return true;
      },
    );
  });
}

test('a file that is not there ends the start', () => {
  const log = { error() {}, warn() {}, info() {}, debug() {} };
  assert.throws(() => createApiKeyReader('/nowhere/keys.json', log), {
    name: 'ConfigError',
    message: /API_KEYS_PATH: there is no file to read at "\/nowhere\/keys\.json"/,
  });
});
