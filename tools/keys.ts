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
  isPartnerName,
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
  '[--rotate [--overlap <duration>]] | list | revoke <id> [--file <path>]';
/** The scopes that API keys may have. A key belongs to no user, so it can change nothing. */
const KEY_SCOPES: readonly Scope[] = ['orders:read', 'profile:read'];
const HELP = `${USAGE}

Creates, lists and revokes API keys in the file named by API_KEYS_PATH.

  --file <path>         another file than API_KEYS_PATH
  --partner <name>      the partner that gets the key
  --scopes <scope,…>    what the key may read: ${KEY_SCOPES.join(', ')}
  --expires <duration>  the key's lifetime, such as 90d (default: unlimited)
  --rotate              sets an expiry on the partner's other keys
  --overlap <duration>  how long those stay valid (default: 7d)
  -h, --help            prints this text`;
const SECRET_BYTES = 32;
const ID_BYTES = 4;
const LOCK_RETRY_MS = 50;

type Options = ReturnType<typeof readArguments>['values'];

/**
 * `npm run keys`: creates, lists and revokes API keys.
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
    if (rest.length > 0 || (id !== undefined && command !== 'revoke')) {
      throw new Error(`unexpected argument "${rest[0] ?? id}"`);
    }
    const file: KeyFile = { path, lockTimeoutMs };
    if (command === 'create') await create(file, values, terminal);
    else if (command === 'list') list(file, terminal);
    else if (command === 'revoke') await revoke(file, id, terminal);
    else throw new Error('name a command: create, list or revoke');
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
  await change(file, (keys) => [...(until ? expireOthers(keys, partner, until) : keys), key]);
  terminal.print(formatKey(key.id, secret));
  const others = until ? ` The other keys of ${partner} expire at ${until} or earlier.` : '';
  terminal.printError(`Store this key now, it is not shown again. Its id is ${key.id}.${others}`);
}

/** Sets an expiry on the partner's valid keys, so that there is time to deploy the new one. */
function expireOthers(keys: readonly StoredKey[], partner: string, until: string): StoredKey[] {
  const isValid = (key: StoredKey) => key.partner === partner && !isExpired(key);
  if (!keys.some(isValid)) throw new Error(`${partner} has no valid key to rotate`);
  return keys.map((key) => {
    const expiresEarlier = key.expiresAt !== undefined && key.expiresAt <= until;
    return isValid(key) && !expiresEarlier ? { ...key, expiresAt: until } : key;
  });
}

function list(file: KeyFile, { print }: Terminal): void {
  const rows = read(file).map((key) => [
    key.id,
    key.partner,
    key.scopes.join(','),
    key.createdAt,
    `${key.expiresAt ?? 'never'}${isExpired(key) ? ' (expired)' : ''}`,
  ]);
  const table = [['id', 'partner', 'scopes', 'created', 'expires'], ...rows];
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
    const remaining = keys.filter((key) => key.id !== id);
    if (remaining.length === keys.length) throw new Error(`there is no key with the id "${id}"`);
    return remaining;
  });
  terminal.printError(`${id} is revoked: servers refuse it within seconds.`);
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

/** ISO 8601, to the second. */
function toTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

if (import.meta.main) await main(createKeysCommand());
