import { parseArgs } from 'node:util';
import { issueToken } from '../services/support/tokens.ts';
import { isScope } from '../src/auth/claims.ts';
import { isUserId } from '../src/user-id.ts';
import { type Command, main } from './command.ts';
import { MIN_DURATION_MS, parseDuration } from './duration.ts';

const USAGE =
  'Usage: npm run -s token -- --user <id> [--role customer|staff] [--expires <duration>] ' +
  '[--scope "<scope> …"]';
const HELP = `${USAGE}

Prints a bearer token of the demo's issuer.

  --user <id>               the user of the token, such as 42 (required)
  --role customer|staff     the user's role (default: customer)
  --expires <duration>      the lifetime, such as 30s, 15m or 30d (default: 1h); a negative one
                            makes an expired token
  --scope "<scope> …"       limits the token to these scopes, such as "orders:read profile:read"
  -h, --help                prints this text`;

/** `npm run token`: prints a token for the demo. */
export const token: Command = {
  usage: USAGE,
  async run(args, { print }) {
    const request = readRequest(args);
    print(request ? await issueToken(request) : HELP);
    return true;
  },
};

/** @returns undefined for `--help` */
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
  if (!isUserId(user)) throw new Error('--user must be a user id, such as 42 or auth0|42');
  if (role !== 'customer' && role !== 'staff') throw new Error('--role must be customer or staff');
  const scope = readScope(values.scope);
  const expiresInMs = parseDuration('--expires', values.expires, MIN_DURATION_MS);
  return { userId: user, role, expiresIn: Math.trunc(expiresInMs / 1_000), scope } as const;
}

/** An empty scope is valid: it allows nothing. */
function readScope(scope: string | undefined): string | undefined {
  if (!scope) return scope;
  // RFC 6749 allows commas in a scope; here a comma is a mistake that would make an unknown scope.
  if (scope.split(' ').every((part) => isScope(part) && !part.includes(','))) return scope;
  throw new Error(
    '--scope must be scopes separated by one space, such as "orders:read profile:read"',
  );
}

// parseArgs reads `--expires -1h` as two options.
function joinNegative(args: string[]): string[] {
  const at = args.findIndex(
    (arg, index) => arg === '--expires' && /^-\d/.test(args[index + 1] ?? ''),
  );
  return at < 0 ? args : args.toSpliced(at, 2, `--expires=${args[at + 1]}`);
}

if (import.meta.main) await main(token);
