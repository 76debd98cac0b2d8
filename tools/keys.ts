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

// npm run keys: makes, lists and revokes the API keys in API_KEYS_PATH. The file has only hashes of
// them, so that a key is shown once, when it is made. Servers follow the file within seconds.

const USAGE =
  'Usage: npm run -s keys -- create --partner <name> --scopes <scope,…> [--expires <n>d|h|m] ' +
  '[--rotate [--overlap <n>d|h|m]] | list | revoke <id> [--file <path>]';
/** What rules let keys do. They are nobody's, so there is nothing that is theirs to change. */
const KEY_SCOPES: readonly Scope[] = ['orders:read', 'profile:read'];
const HELP = `${USAGE}

Creates, lists and revokes API keys in the file that API_KEYS_PATH names.

  --file <path>         another file than API_KEYS_PATH
  --partner <name>      the partner that gets the key
  --scopes <scope,…>    what the key may read: ${KEY_SCOPES.join(', ')}
  --expires <n>d|h|m    its lifetime, such as 90d; unlimited if not given
  --rotate              lets the partner's other keys expire
  --overlap <n>d|h|m    how long those stay valid; 7d if not given
  -h, --help            prints this text`;
const MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MOST_MS = 3_650 * 86_400_000;
const SECRET_BYTES = 32;
const ID_BYTES = 4;
/** How long another command is waited for: 2 s. */
const TRIES = 40;
const PAUSE_MS = 50;

type Options = ReturnType<typeof readArguments>['values'];

try {
  if (existsSync('.env')) process.loadEnvFile();
  await run();
} catch (error) {
  console.error(`${(error as Error).message.split(/\.\s/)[0]}. ${USAGE}`);
  process.exitCode = 2;
}

async function run(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) return console.log(HELP);
  const [command, id, ...more] = positionals;
  const file = values.file ?? process.env.API_KEYS_PATH;
  if (!file) throw new Error('API_KEYS_PATH, or --file, must say where the keys are');
  if (more.length > 0 || (id !== undefined && command !== 'revoke')) {
    throw new Error(`"${more[0] ?? id}" is one word too many`);
  }
  if (command === 'create') await create(file, values);
  else if (command === 'list') list(file);
  else if (command === 'revoke') await revoke(file, id);
  else throw new Error('say what to do: create, list or revoke');
}

function readArguments() {
  return parseArgs({
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

async function create(file: string, options: Options): Promise<void> {
  const { partner = '', expires, rotate, overlap } = options;
  if (!isPartnerName(partner)) {
    throw new Error('--partner must be a name of at most 30 small letters, digits and "-"');
  }
  if (overlap !== undefined && !rotate) throw new Error('--overlap is for --rotate');
  const scopes = readScopes(options.scopes);
  const now = Date.now();
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const key: StoredKey = {
    id: `${partner}-${randomBytes(ID_BYTES).toString('hex')}`,
    partner,
    hash: secretHash(secret).toString('hex'),
    scopes,
    createdAt: toTime(now),
    ...(expires !== undefined && { expiresAt: toTime(now + toMs('--expires', expires)) }),
  };
  const until = rotate ? toTime(now + toMs('--overlap', overlap ?? '7d')) : undefined;
  await change(file, (keys) => [...(until ? endedBy(keys, partner, until) : keys), key]);
  console.log(formatKey(key.id, secret));
  const others = until ? `; the other keys of ${partner} end at ${until} or before` : '';
  console.error(`This is the only time that the key is shown. Its id is ${key.id}${others}.`);
}

/** The partner's other keys get an end, so that there is time to put the new one in their place. */
function endedBy(keys: readonly StoredKey[], partner: string, until: string): StoredKey[] {
  const isOld = (key: StoredKey) => key.partner === partner && !isExpired(key);
  if (!keys.some(isOld)) throw new Error(`${partner} has no valid key that could be rotated`);
  return keys.map((key) => {
    const endsBefore = key.expiresAt !== undefined && key.expiresAt <= until;
    return isOld(key) && !endsBefore ? { ...key, expiresAt: until } : key;
  });
}

function list(file: string): void {
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
    console.log(
      row
        .map((cell, at) => cell.padEnd(widths?.[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

async function revoke(file: string, id: string | undefined): Promise<void> {
  if (id === undefined) throw new Error('name the key to revoke: its id is in the list');
  read(file);
  await change(file, (keys) => {
    const left = keys.filter((key) => key.id !== id);
    if (left.length === keys.length) throw new Error(`there is no key with the id "${id}"`);
    return left;
  });
  console.error(`${id} is revoked: servers refuse it within seconds.`);
}

function read(file: string): readonly StoredKey[] {
  if (!existsSync(file)) throw new Error(`there is no file of keys at "${file}"`);
  return parseKeyFile(readFileSync(file, 'utf8'));
}

/**
 * Puts a new file in the place of the old one, so that a server reads all of one or of the other.
 * The new one has a fixed name, which only one command at a time can take: none undoes another's work.
 */
async function change(
  file: string,
  toNew: (keys: readonly StoredKey[]) => StoredKey[],
): Promise<void> {
  const draft = `${file}.new`;
  const handle = await openDraft(draft);
  try {
    const keys = toNew(existsSync(file) ? read(file) : []);
    writeSync(handle, formatKeyFile(keys));
    fsyncSync(handle);
    closeSync(handle);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

async function openDraft(draft: string, tries = TRIES): Promise<number> {
  try {
    return openSync(draft, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && tries > 0) {
      await sleep(PAUSE_MS);
      return openDraft(draft, tries - 1);
    }
    throw new Error(
      code === 'EEXIST'
        ? `"${draft}" is there: another command is at work, or was cut off and left it behind`
        : `"${draft}" can't be written (${code})`,
    );
  }
}

function readScopes(text = ''): string[] {
  const scopes = [...new Set(text.split(',').map((scope) => scope.trim()))];
  const known: readonly string[] = KEY_SCOPES;
  if (scopes.every((scope) => known.includes(scope))) return scopes;
  throw new Error(
    `--scopes must be some of ${known.join(',')}, separated by commas: keys see these and change nothing`,
  );
}

function toMs(option: string, text: string): number {
  const [, amount, unit = ''] = /^(\d{1,7})([mhd])$/.exec(text) ?? [];
  const ms = Number(amount) * (MS[unit] ?? Number.NaN);
  if (ms <= MOST_MS && (ms > 0 || option === '--overlap')) return ms;
  throw new Error(`${option} must be a duration such as 30m, 12h or 90d, at most 3650d`);
}

/** To the second: more would only look as if it mattered. */
function toTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
