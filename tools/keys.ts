import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  formatKey,
  formatKeyFile,
  isExpired,
  isOperation,
  isPartnerName,
  isUnitsPerMinute,
  parseKeyFile,
  type StoredKey,
  secretHash,
} from '../src/auth/api-key-file.ts';
import type { Scope } from '../src/auth/rules.ts';
import { type Command, main, type Terminal } from './command.ts';
import { parseDuration } from './duration.ts';

// The key file holds only hashes, so a key is printed once, when it is created. Servers reload the
// file within seconds.

const USAGE =
  'Usage: npm run -s keys -- create --partner <name> --scopes <scope,…> [--expires <duration>] ' +
  '[--units-per-minute <number>] [--operations <name,…>] [--rotate [--overlap <duration>]] | ' +
  'limit <id> [--units-per-minute <number>] [--operations <name,…>] | list | revoke <id> ' +
  '[--file <path>]';
/** The scopes that API keys may have. A key belongs to no user, so it can change nothing. */
const KEY_SCOPES: readonly Scope[] = ['orders:read', 'profile:read'];
/** The values that remove a limit of a key. */
const NO_OWN_UNITS = 'default';
const ALL_OPERATIONS = '*';
const HELP = `${USAGE}

Creates, limits, lists and revokes API keys in the file named by API_KEYS_PATH.

  --file <path>                another file than API_KEYS_PATH
  --partner <name>             the partner that gets the key
  --scopes <scope,…>           what the key may read: ${KEY_SCOPES.join(', ')}
  --expires <duration>         the key's lifetime, such as 90d (default: unlimited)
  --units-per-minute <number>  the key's own rate limit, in cost units; "${NO_OWN_UNITS}" for that of
                               RATE_LIMIT_VIEWER, which the partner's keys share
  --operations <name,…>        the only operations that the key may run: names of registered
                               operations, or hashes of texts; "${ALL_OPERATIONS}" for all
  --rotate                     sets an expiry on the partner's other keys; the new key gets their
                               limits unless it is given others
  --overlap <duration>         how long those stay valid (default: 7d)
  -h, --help                   prints this text`;
const SECRET_BYTES = 32;
const ID_BYTES = 4;
const LOCK_RETRY_MS = 50;

type Options = ReturnType<typeof readArguments>['values'];

/**
 * `npm run keys`: creates, limits, lists and revokes API keys.
 * @param lockTimeoutMs - how long to wait for another command that is writing the file
 */
export const createKeysCommand = (lockTimeoutMs = 2_000): Command => ({
  usage: USAGE,
  async run(args, terminal) {
    const { values, positionals } = readArguments(args);
    if (values.help) {
      terminal.print(HELP);
      return true;
    }
    const [command, id, ...rest] = positionals;
    const path = values.file ?? terminal.env.API_KEYS_PATH;
    if (!path) throw new Error('set API_KEYS_PATH or --file to the path of the key file');
    const takesId = command === 'revoke' || command === 'limit';
    if (rest.length > 0 || (id !== undefined && !takesId)) {
      throw new Error(`unexpected argument "${rest[0] ?? id}"`);
    }
    const file: KeyFile = { path, lockTimeoutMs };
    if (command === 'create') await create(file, values, terminal);
    else if (command === 'list') list(file, terminal);
    else if (command === 'limit') await limit(file, id, values, terminal);
    else if (command === 'revoke') await revoke(file, id, terminal);
    else throw new Error('name a command: create, limit, list or revoke');
    return true;
  },
});

function readArguments(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      file: { type: 'string' },
      partner: { type: 'string' },
      scopes: { type: 'string' },
      expires: { type: 'string' },
      'units-per-minute': { type: 'string' },
      operations: { type: 'string' },
      rotate: { type: 'boolean', default: false },
      overlap: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

async function create(file: KeyFile, options: Options, terminal: Terminal): Promise<void> {
  const { partner = '', expires, rotate, overlap } = options;
  if (!isPartnerName(partner)) {
    throw new Error('--partner must be a name of at most 30 lowercase letters, digits and "-"');
  }
  if (overlap !== undefined && !rotate) throw new Error('--overlap requires --rotate');
  const scopes = readScopes(options.scopes);
  const limits = readLimits(options);
  const now = Date.now();
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const key: StoredKey = {
    id: `${partner}-${randomBytes(ID_BYTES).toString('hex')}`,
    partner,
    hash: secretHash(secret).toString('hex'),
    scopes,
    createdAt: toTime(now),
    ...(expires !== undefined && {
      expiresAt: toTime(now + parseDuration('--expires', expires, 1)),
    }),
  };
  const until = rotate ? toTime(now + parseDuration('--overlap', overlap ?? '7d', 0)) : undefined;
  await change(file, (keys) => {
    if (!until) return [...keys, withLimits(key, limits)];
    const replaced = keys.filter((other) => other.partner === partner && !isExpired(other));
    if (replaced.length === 0) throw new Error(`${partner} has no valid key to rotate`);
    const limited = withLimits(key, { ...commonLimits(replaced, limits), ...limits });
    return [...expire(keys, new Set(replaced), until), limited];
  });
  terminal.print(formatKey(key.id, secret));
  const others = until ? ` The other keys of ${partner} expire at ${until} or earlier.` : '';
  terminal.printError(`Store this key now, it is not shown again. Its id is ${key.id}.${others}`);
}

/** Sets an expiry on replaced keys, so that there is time to deploy the new one. */
const expire = (
  keys: readonly StoredKey[],
  replaced: ReadonlySet<StoredKey>,
  until: string,
): StoredKey[] =>
  keys.map((key) => {
    const expiresEarlier = key.expiresAt !== undefined && key.expiresAt <= until;
    return replaced.has(key) && !expiresEarlier ? { ...key, expiresAt: until } : key;
  });

/** The limits of a key that a command sets; those that it does not mention are missing. */
type Limits = { -readonly [Name in 'unitsPerMinute' | 'operations']?: StoredKey[Name] | undefined };

/** The limits that all replaced keys have, so that a rotation never lifts one by omission. */
function commonLimits(replaced: readonly StoredKey[], given: Limits): Limits {
  for (const [name, option] of [
    ['unitsPerMinute', '--units-per-minute'],
    ['operations', '--operations'],
  ] as const) {
    const values = new Set(replaced.map((key) => String(key[name])));
    if (values.size > 1 && !(name in given)) {
      throw new Error(`the keys to rotate differ in their limits: state ${option}`);
    }
  }
  return { unitsPerMinute: replaced[0]?.unitsPerMinute, operations: replaced[0]?.operations };
}

/** Replaces the limits that are there; undefined removes one. */
const withLimits = (key: StoredKey, limits: Limits): StoredKey =>
  Object.fromEntries(
    Object.entries({ ...key, ...limits }).filter(([, value]) => value !== undefined),
  ) as StoredKey;

async function limit(
  file: KeyFile,
  id: string | undefined,
  options: Options,
  terminal: Terminal,
): Promise<void> {
  if (id === undefined) throw new Error('name the id of the key to limit, as `list` prints it');
  const limits = readLimits(options);
  if (Object.keys(limits).length === 0) {
    throw new Error('state --units-per-minute, --operations or both');
  }
  read(file);
  await change(file, (keys) => {
    requireKey(keys, id);
    return keys.map((key) => (key.id === id ? withLimits(key, limits) : key));
  });
  terminal.printError(`The limits of ${id} are changed: servers apply them within seconds.`);
}

function list(file: KeyFile, { print }: Terminal): void {
  const rows = read(file).map((key) => [
    key.id,
    key.partner,
    key.scopes.join(','),
    String(key.unitsPerMinute ?? NO_OWN_UNITS),
    key.operations?.join(',') ?? ALL_OPERATIONS,
    key.createdAt,
    `${key.expiresAt ?? 'never'}${isExpired(key) ? ' (expired)' : ''}`,
  ]);
  const head = ['id', 'partner', 'scopes', 'units/min', 'operations', 'created', 'expires'];
  const table = [head, ...rows];
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  for (const row of table) {
    print(
      row
        .map((cell, at) => cell.padEnd(widths?.[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

async function revoke(file: KeyFile, id: string | undefined, terminal: Terminal): Promise<void> {
  if (id === undefined) throw new Error('name the id of the key to revoke, as `list` prints it');
  read(file);
  await change(file, (keys) => {
    requireKey(keys, id);
    return keys.filter((key) => key.id !== id);
  });
  terminal.printError(`${id} is revoked: servers refuse it within seconds.`);
}

function requireKey(keys: readonly StoredKey[], id: string): void {
  if (!keys.some((key) => key.id === id)) throw new Error(`there is no key with the id "${id}"`);
}

interface KeyFile {
  readonly path: string;
  readonly lockTimeoutMs: number;
}

function read({ path }: KeyFile): readonly StoredKey[] {
  if (!existsSync(path)) throw new Error(`there is no key file at "${path}"`);
  return parseKeyFile(readFileSync(path, 'utf8'));
}

/**
 * Replaces the file, so that a server reads either the old or the new content in full. The new file
 * is written under a fixed name that only one command at a time can create: it serves as the lock.
 */
async function change(
  file: KeyFile,
  update: (keys: readonly StoredKey[]) => StoredKey[],
): Promise<void> {
  const draft = `${file.path}.new`;
  const handle = await openDraft(draft, file.lockTimeoutMs);
  try {
    const keys = update(existsSync(file.path) ? read(file) : []);
    writeSync(handle, formatKeyFile(keys));
    fsyncSync(handle);
    closeSync(handle);
    renameSync(draft, file.path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

async function openDraft(draft: string, timeoutMs: number): Promise<number> {
  try {
    return openSync(draft, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && timeoutMs > 0) {
      await sleep(LOCK_RETRY_MS);
      return openDraft(draft, timeoutMs - LOCK_RETRY_MS);
    }
    throw new Error(
      code === 'EEXIST'
        ? `"${draft}" exists: another command is running, or was interrupted and left it behind`
        : `"${draft}" can't be written (${code})`,
    );
  }
}

function readScopes(text = ''): string[] {
  const scopes = [...new Set(text.split(',').map((scope) => scope.trim()))];
  const known: readonly string[] = KEY_SCOPES;
  if (scopes.every((scope) => known.includes(scope))) return scopes;
  throw new Error(
    `--scopes must be some of ${known.join(',')}, separated by commas: API keys only read`,
  );
}

function readLimits({ 'units-per-minute': units, operations }: Options): Limits {
  const limits: Limits = {};
  if (units !== undefined) limits.unitsPerMinute = readUnits(units);
  if (operations !== undefined) limits.operations = readOperations(operations);
  return limits;
}

function readUnits(text: string): number | undefined {
  if (text === NO_OWN_UNITS) return undefined;
  const units = /^\d+$/.test(text) ? Number(text) : 0;
  if (isUnitsPerMinute(units)) return units;
  throw new Error(`--units-per-minute must be a whole number, at least 1, or "${NO_OWN_UNITS}"`);
}

function readOperations(text: string): string[] | undefined {
  if (text === ALL_OPERATIONS) return undefined;
  const operations = [...new Set(text.split(',').map((operation) => operation.trim()))];
  if (operations.every(isOperation)) return operations;
  throw new Error(
    '--operations must be names of registered operations or SHA-256 hashes, separated by commas, ' +
      `or "${ALL_OPERATIONS}"`,
  );
}

/** ISO 8601, to the second. */
function toTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

if (import.meta.main) await main(createKeysCommand());
