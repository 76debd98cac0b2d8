import { readdir, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { issueToken } from '../services/support/tokens.ts';
import type { BffDefinition } from '../src/bff.ts';
import type { ExplainedCall, Explanation } from '../src/telemetry/explanation.ts';
import type { Refusal } from '../src/telemetry/refusal.ts';
import { isUserId } from '../src/user-id.ts';
import { type Command, main } from './command.ts';
import { bffNames, loadBff } from './tree.ts';

const USAGE =
  'Usage: npm run -s explain -- <bff> <operation> [--user <id>] [--role customer|staff] ' +
  '[--variables <json>] [--fresh] [--at <url>]';
const HELP = `${USAGE}

Runs a committed operation, and prints where its time went.

  --user <id>            the user of the demo's token, such as 42 (default: anonymous)
  --role customer|staff  the user's role (default: customer)
  --variables <json>     the variables of the operation
  --fresh                does not answer from the cache
  --at <url>             the BFF (default: its port on this machine)
  -h, --help             prints this text`;
const TIMEOUT_MS = 10_000;
const LABEL_WIDTH = 36;
const CHART_WIDTH = 48;

/** `npm run explain`: prints the explanation of an operation's response as a waterfall. */
export const explainCommand: Command = {
  usage: USAGE,
  async run(args, { env, print }) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        user: { type: 'string' },
        role: { type: 'string', default: 'customer' },
        variables: { type: 'string', default: '{}' },
        fresh: { type: 'boolean' },
        at: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      print(HELP);
      return true;
    }
    const [name = '', operation = ''] = positionals;
    if (!bffNames().includes(name)) throw new Error(`name a BFF: ${bffNames().join(', ')}`);
    const bff = await loadBff(name);
    const port = env[`${name.toUpperCase()}_PORT`] || bff.port;
    const explanation = await request({
      url: new URL('/graphql', values.at ?? `http://127.0.0.1:${port}`),
      query: await sourceOf(bff, operation),
      variables: parseJson(values.variables),
      headers: {
        ...(await authorizationOf(values)),
        ...(values.fresh && { 'cache-control': 'no-cache' }),
      },
    });
    for (const line of toText(explanation)) print(line);
    return true;
  },
};

interface ExplainRequest {
  readonly url: URL;
  readonly query: string;
  readonly variables: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws Error if there is no response, or no explanation in it */
async function request({ url, query, variables, headers }: ExplainRequest): Promise<Explanation> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'graphql-explain': '1', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new Error(`nothing answers at ${url.origin}: start the demo, or set --at`);
  });
  const { extensions, errors } = (await response.json()) as {
    extensions?: { explain?: Explanation };
    errors?: readonly { message: string }[];
  };
  if (extensions?.explain) return extensions.explain;
  const reason = response.ok ? 'this viewer gets no explanation here' : errors?.[0]?.message;
  throw new Error(`${response.status}: ${reason?.replace(/\.$/, '')}`);
}

async function sourceOf({ name, operations }: BffDefinition, operation: string): Promise<string> {
  const files = await readdir(operations);
  if (files.includes(`${operation}.graphql`))
    return readFile(new URL(`${operation}.graphql`, operations), 'utf8');
  throw new Error(`name an operation of bff-${name}/operations`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('--variables must be JSON');
  }
}

async function authorizationOf({ user, role }: { user?: string | undefined; role: string }) {
  if (user === undefined) return {};
  if (!isUserId(user)) throw new Error('--user must be a user id, such as 42');
  if (role !== 'customer' && role !== 'staff') throw new Error('--role must be customer or staff');
  return { authorization: `Bearer ${await issueToken({ userId: user, role })}` };
}

/** The explanation as lines: one for each phase and call, with a bar for its time. */
function* toText(explanation: Explanation): Generator<string> {
  const { operation, viewer, durationMs, phases, calls, cache, refusals, cost } = explanation;
  const start = Math.min(0, ...calls.map(({ startMs }) => startMs));
  const columnOf = (ms: number) =>
    Math.round(((ms - start) / Math.max(durationMs - start, 0.01)) * CHART_WIDTH);
  const barOf = (from: number, to: number, waitedMs = 0) => {
    const first = Math.min(columnOf(from), CHART_WIDTH - 1);
    const wait = Math.min(first, columnOf(from - waitedMs));
    const end = Math.min(CHART_WIDTH, Math.max(first + 1, columnOf(to)));
    return `${' '.repeat(wait)}${'░'.repeat(first - wait)}${'█'.repeat(end - first)}`;
  };
  const line = (label: string, bar: string, ms: number, facts = '') =>
    `${label.padEnd(LABEL_WIDTH)}${bar.padEnd(CHART_WIDTH)} ${ms.toFixed(2).padStart(9)} ms  ${facts}`.trimEnd();

  yield `${operation.name ?? operation.type}: ${durationMs} ms, viewer ${viewer}, cost ${cost.requested} of ${cost.limit}`;
  yield `cache: ${cache.status}${cache.notStored ? `, not stored: ${cache.notStored}` : ''}${
    cache.ageSeconds === undefined ? '' : `, ${cache.ageSeconds} s old`
  }, scope ${cache.scope}, fresh for ${cache.maxAge} s, ${countOf(cache.tags.length, 'tag')}`;
  yield '';
  for (const { name, startMs, durationMs: ms } of phases)
    yield line(name, barOf(startMs, startMs + ms), ms);
  for (const call of calls) {
    const { upstream, operation: name, startMs, durationMs: ms, queuedMs, isSent } = call;
    const bar = barOf(startMs, startMs + ms, isSent ? queuedMs : 0);
    yield line(`  ${upstream} ${name}`, bar, ms, describe(call));
  }
  for (const { path, field, allows, code, reason } of refusals)
    yield `refused: ${path.join('.')} (${field}): ${code}. ${reason} Allowed: ${whomOf(allows)}`;
}

const whomOf = ({
  viewers = '',
  scopes = [],
}: Partial<NonNullable<Refusal['allows']>> = {}): string =>
  [viewers || 'those who may see the parent', ...scopes].join(', ');

const describe = (call: ExplainedCall): string =>
  [
    call.isSent ? call.outcome : `${call.outcome}, not sent`,
    call.keys && countOf(call.keys, 'key'),
    call.isSent && `shared with ${call.sharedWith}`,
    call.attempt > 1 && `attempt ${call.attempt}`,
    call.isSent && `instance ${call.instance}`,
    call.circuit && `circuit ${call.circuit}`,
  ]
    .filter(Boolean)
    .join(', ');

const countOf = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`;

if (import.meta.main) await main(explainCommand);
