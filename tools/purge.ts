import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { webhookHeaders } from '../services/support/webhook.ts';
import { loadConfig } from '../src/config.ts';
import { withSecretFiles } from '../src/server/secret-files.ts';
import { bffNames, loadBff } from './tree.ts';

// npm run purge: makes everything stale that has one of the tags, in every BFF of this machine or
// in those whose admin listeners are named. Signed as services sign their messages
// (https://www.standardwebhooks.com), with PURGE_SECRET.

const USAGE = 'Usage: npm run -s purge -- <tag> … [--at http://127.0.0.1:9400 …]';
const HELP = `${USAGE}

Makes stored responses with one of the tags stale, such as Order:17, Order or Query.announcements.

  --at <address>  the admin listener of a BFF, more than once for several; if not given, those of
                  all BFFs on this machine
  -h, --help      prints this text

PURGE_SECRET signs the request, and must be that of the BFFs.`;
const WHERE = 'its <NAME>_ADMIN_PORT, or --at, says where it is';
const TIMEOUT_MS = 5_000;

try {
  const { values, positionals: tags } = parseArgs({
    allowPositionals: true,
    options: {
      at: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) console.log(HELP);
  else await purgeAll(tags, values.at);
} catch (error) {
  console.error(`${(error as Error).message}. ${USAGE}`);
  process.exitCode = 2;
}

async function purgeAll(tags: readonly string[], at: readonly string[] | undefined) {
  loadEnvironment();
  if (tags.length === 0) throw new Error('name at least one tag, such as Order:17');
  const listeners = await findListeners(at);
  const results = await Promise.all(listeners.map((listener) => purge(listener, tags)));
  for (const { origin, said } of results) console.log(`${origin}: ${said}`);
  if (results.some(({ isDone }) => !isDone)) process.exitCode = 1;
}

/** As `npm run start:web` reads it, but without a word if there is no such file. */
function loadEnvironment(): void {
  if (existsSync('.env')) process.loadEnvFile();
}

interface Listener {
  readonly origin: string;
  readonly secret: string;
}

async function findListeners(at: readonly string[] | undefined): Promise<Listener[]> {
  const bffs = await Promise.all(bffNames().map(loadBff));
  const all = bffs.map((bff) => {
    const { admin } = loadConfig(withSecretFiles(process.env), bff);
    if (!admin.purgeSecret) throw new Error('PURGE_SECRET must be set');
    return { origin: `http://${reachable(admin.host)}:${admin.port}`, secret: admin.purgeSecret };
  });
  const wrong = at?.find((origin) => !URL.canParse(origin));
  if (wrong !== undefined) throw new Error(`--at must be an address, not "${wrong}"`);
  const [first] = all;
  return at && first ? at.map((origin) => ({ origin, secret: first.secret })) : all;
}

/** Where one listens on all interfaces, this machine's own is among them. */
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
    return { origin, isDone: response.ok, said: (await response.text()).trim() };
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    return {
      origin,
      isDone: false,
      said: `can't be reached (${cause?.code ?? message}): ${WHERE}`,
    };
  }
}
