import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, measure, NO_DELAYS } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import type { Server } from '../harness/server-process.ts';
import { startPeer } from '../harness/start-peer.ts';
import { percentile } from '../harness/stats.ts';
import { peerEnvironment } from '../peers/index.ts';
import { formatTable } from '../report/tables.ts';
import {
  createPurgeClient,
  PURGE_SECRET,
  type PurgeClient,
  profileRequest,
} from './purge-client.ts';
import { purgeNotes, toPurgeRows } from './purge-report.ts';
import { findStaleReads, USER_DELAY_MS } from './stale-reads.ts';
import type { Workload, WorkloadResult } from './workload.ts';

const PEER = 'frontdesk';
const TITLE = 'Purges: many stored answers, one write per 100 requests, measured once';
const CONNECTIONS = 64;
const WRITES_PER_REQUEST = 0.01;
const WRITES_PER_CHECK = 2;
const HIT_LATENCY_MS = 1;
const ADMIN_TIMEOUT_MS = 1_000;
/** Duration of the phases, in multiples of one measurement's. */
const MAX_FILL_FACTOR = 10;
const MIXED_FACTOR = 2;
const DELAYS = { ...NO_DELAYS, user: USER_DELAY_MS };
const ENV = { CACHE_MEMORY_MB: '256', PURGE_SECRET };

const FIRST_USER_ID = 100_000;
const USER_IDS = Array.from({ length: 100_000 }, (_, index) => String(FIRST_USER_ID + index));

/** Many stored answers, with concurrent changes and purges; counts stale reads. */
export const purges: Workload = { peers: [PEER], modes: ['purge'], run };

async function run(bench: Bench, options: Options): Promise<WorkloadResult> {
  const { cores, upstream } = bench;
  const env = { ...peerEnvironment(upstream.urls, 'mobile'), ...ENV };
  const server = await startPeer(cores, PEER, 'mobile', env);
  try {
    const client = await connect(server, upstream.urls.user ?? '');
    const result = await runPhases(bench, server, client, options);
    await client.close();
    return result;
  } catch (error) {
    const reason = (error as Error).message;
    return {
      lines: [],
      figures: {},
      notes: [`\`${PEER}\` was not measured in \`purge\`: ${reason}`],
    };
  } finally {
    await server.stop();
  }
}

async function connect({ origin, admin }: Server, userService: string): Promise<PurgeClient> {
  const address = await Promise.race([admin, sleep(ADMIN_TIMEOUT_MS)]);
  if (!address) throw new Error('no admin listener');
  return createPurgeClient({ origin, admin: address, userService });
}

async function runPhases(
  bench: Bench,
  server: Server,
  client: PurgeClient,
  { seconds }: Options,
): Promise<WorkloadResult> {
  process.stderr.write('Purges: ');
  await bench.upstream.reset(NO_DELAYS);
  const fillStart = performance.now();
  const stored = await fillCache(client, seconds * MAX_FILL_FACTOR);
  const fillSeconds = (performance.now() - fillStart) / 1_000;
  process.stderr.write('.');

  const load = { requests: stored.map(profileRequest), connections: CONNECTIONS, seconds };
  const readsOnly = await measure(bench, server, { ...load, delays: NO_DELAYS });
  process.stderr.write('.');
  if (readsOnly.rate === 0) throw new Error('no request was answered');
  const rate = readsOnly.rate / 2;
  const checkIntervalMs = (WRITES_PER_CHECK / (rate * WRITES_PER_REQUEST)) * 1_000;
  const mixedLoad = {
    ...load,
    seconds: seconds * MIXED_FACTOR,
    rate,
    latencyMs: HIT_LATENCY_MS,
    delays: DELAYS,
  };
  const [mixed, staleReads] = await Promise.all([
    measure(bench, server, mixedLoad),
    findStaleReads(client, stored, checkIntervalMs, mixedLoad.seconds),
  ]);
  process.stderr.write('.\n');

  const table = formatTable(
    TITLE,
    ['', PEER],
    toPurgeRows({ stored: stored.length, fillSeconds, readsOnly, mixed, staleReads }),
  );
  const figures = {
    stored: stored.length,
    staleReads: staleReads.stale,
    purgeP99Ms: percentile(staleReads.purgesMs, 0.99),
    rate: readsOnly.rate,
    errors: readsOnly.errors + mixed.errors + staleReads.errors,
  };
  return {
    lines: [table],
    figures: { purge: { [PEER]: figures } },
    notes: purgeNotes(stored.length, USER_IDS.length, staleReads),
  };
}

/** Requests each user's profile once, until all are stored or the time is up. @returns the stored ids */
async function fillCache(client: PurgeClient, seconds: number): Promise<readonly string[]> {
  const deadline = performance.now() + seconds * 1_000;
  const storedIds: string[] = [];
  const queue = USER_IDS.values();
  const worker = async () => {
    for (const id of queue) {
      await client.nameOf(id);
      storedIds.push(id);
      if (performance.now() > deadline) return;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return storedIds;
}
