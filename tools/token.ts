import { parseArgs } from 'node:util';
import { issueToken } from '../services/user/tokens.ts';
import { isScope } from '../src/auth/claims.ts';

const USAGE =
  'Usage: npm run -s token -- --user <id> [--role customer|staff] [--expires <number>s|m|h|d] ' +
  '[--scope "<scope> …"]';
const HELP = `${USAGE}

Prints a bearer token of the demo's issuer.

  --user <id>               whose token it is, such as 42 (required)
  --role customer|staff     customer if not given
  --expires <number>s|m|h|d its lifetime, such as 15m; 1h if not given, in the past if negative
  --scope "<scope> …"       limits it to these scopes, such as "orders:read profile:read"
  -h, --help                prints this text`;
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** The longest lifetime; more would not fit into a date. */
const MOST_SECONDS = 10 * 365 * 86_400;

try {
  const request = readRequest(process.argv.slice(2));
  console.log(request ? await issueToken(request) : HELP);
} catch (error) {
  console.error(`${(error as Error).message.split(/\.\s/)[0]}. ${USAGE}`);
  process.exitCode = 2;
}

/** @returns undefined if only help is wanted */
function readRequest(args: string[]) {
  const { values } = parseArgs({
    args: joinNegative(args),
    options: {
      user: { type: 'string' },
      role: { type: 'string', default: 'customer' },
      expires: { type: 'string', default: '1h' },
      scope: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const { user = '', role } = values;
  if (!/^[\w-]{1,64}$/.test(user)) throw new Error('--user must be a user id, such as 42');
  if (role !== 'customer' && role !== 'staff') throw new Error('--role must be customer or staff');
  const scope = readScope(values.scope);
  return { userId: user, role, expiresIn: toSeconds(values.expires), scope } as const;
}

/** An empty one is a scope, too: it allows nothing. */
function readScope(scope: string | undefined): string | undefined {
  if (!scope) return scope;
  // RFC 6749 allows commas; here one is a slip, and would make a scope that nobody knows.
  if (scope.split(' ').every((part) => isScope(part) && !part.includes(','))) return scope;
  throw new Error(
    '--scope must be scopes with one space between, such as "orders:read profile:read"',
  );
}

// parseArgs would take `--expires -1h` for two options.
function joinNegative(args: string[]): string[] {
  const at = args.findIndex(
    (arg, index) => arg === '--expires' && /^-\d/.test(args[index + 1] ?? ''),
  );
  return at < 0 ? args : args.toSpliced(at, 2, `--expires=${args[at + 1]}`);
}

function toSeconds(text: string): number {
  const [, amount, unit = ''] = /^(-?\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(amount) * (SECONDS[unit] ?? Number.NaN);
  if (Math.abs(seconds) <= MOST_SECONDS) return seconds;
  throw new Error('--expires must be a duration such as 30s, 15m, 1h, 30d or -1h, at most 3650d');
}
