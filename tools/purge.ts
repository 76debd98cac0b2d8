import { parseArgs } from 'node:util';
import { webhookHeaders } from '../services/support/webhook.ts';
import { loadConfig } from '../src/config/index.ts';
import { withSecretFiles } from '../src/config/secret-files.ts';
import { type Command, main } from './command.ts';
import { bffNames, loadBff } from './tree.ts';

// The message is signed with PURGE_SECRET as services sign theirs (https://www.standardwebhooks.com).

const USAGE = 'Usage: npm run -s purge -- <tag> … [--at http://127.0.0.1:9400 …]';
const HELP = `${USAGE}

Purges stored responses that have one of the tags, such as Order:17, Order or Query.announcements.

  --at <url>  the admin listener of a BFF, repeatable (default: all BFFs on this machine)
  -h, --help  prints this text

PURGE_SECRET signs the request and must be the secret of the BFFs.`;
const HINT = 'set <NAME>_ADMIN_PORT or --at to its admin listener';
const TIMEOUT_MS = 5_000;

/** `npm run purge`: makes stored responses with one of the tags stale, in all BFFs or those given. */
export const purgeCommand: Command = {
  usage: USAGE,
  async run(args, { env, print }) {
    const { values, positionals: tags } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        at: { type: 'string', multiple: true },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      print(HELP);
      return true;
    }
    if (tags.length === 0) throw new Error('name at least one tag, such as Order:17');
    const listeners = await findListeners(values.at, env);
    const results = await Promise.all(listeners.map((listener) => purge(listener, tags)));
    for (const { origin, message } of results) print(`${origin}: ${message}`);
    return results.every(({ isDone }) => isDone);
  },
};

interface Listener {
  readonly origin: string;
  readonly secret: string;
}

async function findListeners(
  at: readonly string[] | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Listener[]> {
  const bffs = await Promise.all(bffNames().map(loadBff));
  const all = bffs.map((bff) => {
    const { admin } = loadConfig(withSecretFiles(env), bff);
    if (!admin.purgeSecret) throw new Error('PURGE_SECRET must be set');
    return { origin: `http://${reachable(admin.host)}:${admin.port}`, secret: admin.purgeSecret };
  });
  const wrong = at?.find((origin) => !URL.canParse(origin));
  if (wrong !== undefined) throw new Error(`--at must be a URL, not "${wrong}"`);
  const [first] = all;
  return at && first ? at.map((origin) => ({ origin, secret: first.secret })) : all;
}

/** The address to call a listener at: loopback if it listens on all interfaces. */
function reachable(host: string): string {
  if (host === '::' || host === '0.0.0.0') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

async function purge({ origin, secret }: Listener, tags: readonly string[]) {
  const body = JSON.stringify({ tags });
  try {
    const response = await fetch(new URL('/purge', origin), {
      method: 'POST',
      headers: webhookHeaders({ body, secret }),
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { origin, isDone: response.ok, message: (await response.text()).trim() };
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return {
      origin,
      isDone: false,
      message: `unreachable (${cause?.code ?? message}), ${HINT}`,
    };
  }
}

if (import.meta.main) await main(purgeCommand);
