import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, measure, NO_DELAYS } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import { startPeer } from '../harness/peer.ts';
import type { Server } from '../harness/processes.ts';
import { percentile } from '../harness/stats.ts';
import { environmentOf } from '../peers/index.ts';
import { layOut } from '../report/tables.ts';
import { createPurgeClient, PURGE_SECRET, type PurgeClient, profileOf } from './purge-client.ts';
import { notesOn, toPurgeRows } from './purge-rows.ts';
import { findStaleReads, USER_DELAY_MS } from './stale-reads.ts';
import type { Outcome, Workload } from './workload.ts';

const PEER = 'frontdesk';
const TITLE = 'Purges: many stored answers, and one write for each 100 requests, measured once';
const CONNECTIONS = 64;
const WRITES = 0.01;
const WRITES_PER_CHECK = 2;
/** Of a hit, in milliseconds. */
const ANSWER_MS = 1;
const ADMIN_LIMIT_MS = 1_000;
/** Of the seconds of one measurement. */
const MOST_FILLING = 10;
const MIXED = 2;
const DELAYS = { ...NO_DELAYS, user: USER_DELAY_MS };
const ENV = { CACHE_MEMORY_MB: '256', PURGE_SECRET };

const FIRST_USER = 100_000;
const USERS = Array.from({ length: 100_000 }, (_, index) => String(FIRST_USER + index));

/** Many stored answers, of which some are purged and changed all the time. */
export const purges: Workload = { peers: [PEER], modes: ['purge'], run };

async function run(bench: Bench, options: Options): Promise<Outcome> {
  const { cores, upstream } = bench;
  const env = { ...environmentOf(upstream.urls, 'mobile'), ...ENV };
  const server = await startPeer(cores, PEER, 'mobile', env);
  try {
    const client = await connect(server, upstream.urls.user ?? '');
    const outcome = await runWith(bench, server, client, options);
    await client.close();
    return outcome;
  } catch (error) {
    const why = (error as Error).message;
    return { lines: [], figures: {}, notes: [`\`${PEER}\` was not timed in \`purge\`: ${why}`] };
  } finally {
    await server.stop();
  }
}

async function connect({ origin, admin }: Server, userService: string): Promise<PurgeClient> {
  const address = await Promise.race([admin, sleep(ADMIN_LIMIT_MS)]);
  if (!address) throw new Error('it has no admin listener');
  return createPurgeClient({ origin, admin: address, userService });
}

async function runWith(
  bench: Bench,
  server: Server,
  client: PurgeClient,
  { seconds }: Options,
): Promise<Outcome> {
  process.stderr.write('Purges: ');
  await bench.upstream.reset(NO_DELAYS);
  const fillStart = performance.now();
  const stored = await fill(client, seconds * MOST_FILLING);
  const fillSeconds = (performance.now() - fillStart) / 1_000;
  process.stderr.write('.');

  const load = { requests: stored.map(profileOf), connections: CONNECTIONS, seconds };
  const alone = await measure(bench, server, { ...load, delays: NO_DELAYS });
  process.stderr.write('.');
  if (alone.rate === 0) throw new Error('nothing was answered');
  const rate = alone.rate / 2;
  const everyMs = (WRITES_PER_CHECK / (rate * WRITES)) * 1_000;
  const half = { ...load, seconds: seconds * MIXED, rate, answerMs: ANSWER_MS, delays: DELAYS };
  const [mixed, found] = await Promise.all([
    measure(bench, server, half),
    findStaleReads(client, stored, everyMs, half.seconds),
  ]);
  process.stderr.write('.\n');

  const table = layOut(
    TITLE,
    ['', PEER],
    toPurgeRows({ stored: stored.length, fillSeconds, alone, mixed, found }),
  );
  const figures = {
    stored: stored.length,
    staleReads: found.stale,
    purgeP99Ms: percentile(found.purges, 0.99),
    rate: alone.rate,
    errors: alone.errors + mixed.errors + found.errors,
  };
  return {
    lines: [table],
    figures: { purge: { [PEER]: figures } },
    notes: notesOn(stored.length, USERS.length, found),
  };
}

/** @returns the users whose card was asked for in the time, once each */
async function fill(client: PurgeClient, seconds: number): Promise<readonly string[]> {
  const end = performance.now() + seconds * 1_000;
  const asked: string[] = [];
  const queue = USERS.values();
  const work = async () => {
    for (const id of queue) {
      await client.nameOf(id);
      asked.push(id);
      if (performance.now() > end) return;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return asked;
}
