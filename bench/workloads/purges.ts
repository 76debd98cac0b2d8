import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Bench,
  type Load,
  measure,
  NO_DELAYS,
  prepareMeasurement,
} from '../harness/measure.ts';
import { LEAD_IN_SECONDS, prepareOpenLoop } from '../harness/open-loop.ts';
import type { Options } from '../harness/options.ts';
import { createPauseRecorder, type PauseRecorder } from '../harness/pauses.ts';
import type { Server } from '../harness/server-process.ts';
import { startPeer } from '../harness/start-peer.ts';
import { peerEnvironment } from '../peers/index.ts';
import { figuresOfModes, formatModes, measureModes } from './measured-modes.ts';
import {
  createPurgeClient,
  PURGE_SECRET,
  type PurgeClient,
  profileRequest,
  purgeRequest,
} from './purge-client.ts';
import { type PurgeMeasurements, purgeNotes, toPurgeFigures, toPurgeRows } from './purge-report.ts';
import { findStaleReads, type Replicas, USER_DELAY_MS } from './stale-reads.ts';
import type { Workload, WorkloadResult } from './workload.ts';

const TITLE =
  'Purges: many stored answers, one timed purge or more per 100 requests, measured once';
const CONNECTIONS = 64;
const PURGE_CONNECTIONS = 16;
const PURGES_PER_REQUEST = 0.01;
const MIN_PURGES = 1_000;
const CHECKS_PER_SECOND = 30;
/**
 * The distance between the users of two purges, a prime. The hits take users in their order: after purges in
 * the same order they would be a thousand misses in a row, as no clients send them.
 */
const PURGE_STRIDE = 7_919;
const ADMIN_TIMEOUT_MS = 1_000;
/** Duration of the phases, in multiples of one measurement's. */
const MAX_FILL_FACTOR = 15;
const MIXED_FACTOR = 9;
/** Code for purges and changes is compiled meanwhile, which takes some CPU time of the server's core. */
const WARM_UP_FACTOR = 3;
const DELAYS = { ...NO_DELAYS, user: USER_DELAY_MS };
const ENV = { CACHE_MEMORY_MB: '256', PURGE_SECRET };

const FIRST_USER_ID = 100_000;
const USER_IDS = Array.from({ length: 100_000 }, (_, index) => String(FIRST_USER_ID + index));

/** The peer of each mode. With Redis there are two replicas of it. */
const PEERS: Readonly<Record<string, string>> = {
  purge: 'frontdesk',
  'purge-redis': 'frontdesk-redis',
};

/** Many stored answers, with concurrent changes and purges; counts stale reads. */
export const purges: Workload = { peers: ['frontdesk'], modes: Object.keys(PEERS), run };

async function run(bench: Bench, options: Options): Promise<WorkloadResult> {
  const { measured, notes } = await measureModes(options, (mode) =>
    measureMode(bench, mode, options),
  );
  const ownNotes = [...measured].flatMap(([mode, result]) =>
    purgeNotes(mode, USER_IDS.length, result),
  );
  return {
    lines: formatModes(TITLE, measured, toPurgeRows),
    figures: figuresOfModes(measured, toPurgeFigures),
    notes: [...ownNotes, ...notes],
  };
}

async function measureMode(
  bench: Bench,
  mode: string,
  options: Options,
): Promise<PurgeMeasurements> {
  process.stderr.write(`Purges (${mode}): `);
  const { cores, upstream } = bench;
  const peer = PEERS[mode] as string;
  const env = { ...peerEnvironment(upstream.urls, 'mobile'), ...ENV };
  const pauses = createPauseRecorder(mode, true);
  const userService = upstream.urls.user ?? '';
  await using started = new AsyncDisposableStack();
  const start = async (core: number, more: Readonly<Record<string, string>> = {}) => {
    const server = await startPeer({ ...cores, server: core }, peer, 'mobile', { ...env, ...more });
    started.defer(() => server.stop());
    const client = await connect(server, userService);
    started.defer(() => client.close().then(() => undefined));
    return { server, client };
  };
  const { server, client } = await start(cores.server, pauses.env);
  const other = mode === 'purge-redis' ? (await start(cores.load)).client : undefined;
  const result = await runPhases(bench, server, { client, other }, pauses, options);
  process.stderr.write('\n');
  return result;
}

async function connect({ origin, admin }: Server, userService: string): Promise<PurgeClient> {
  const address = await Promise.race([admin, sleep(ADMIN_TIMEOUT_MS)]);
  if (!address) throw new Error('no admin listener');
  return createPurgeClient({ origin, admin: address, userService });
}

async function runPhases(
  bench: Bench,
  server: Server,
  replicas: Replicas,
  pauses: PauseRecorder,
  { seconds }: Options,
): Promise<PurgeMeasurements> {
  await bench.upstream.reset(NO_DELAYS);
  const fillStart = performance.now();
  const stored = await fillCache(replicas.client, seconds * MAX_FILL_FACTOR);
  const fillSeconds = (performance.now() - fillStart) / 1_000;
  process.stderr.write('.');

  const load = { requests: stored.map(profileRequest), connections: CONNECTIONS, seconds };
  const readsOnly = await measure(bench, server, { ...load, delays: NO_DELAYS });
  process.stderr.write('.');
  if (readsOnly.rate === 0) throw new Error('no request was answered');
  const rate = readsOnly.rate / 2;
  const purgeRate = Math.max(rate * PURGES_PER_REQUEST, MIN_PURGES / (seconds * MIXED_FACTOR));
  const runMixed = (duration: number, ids: readonly string[]) => {
    const mixedLoad = { ...load, seconds: duration, rate, delays: DELAYS };
    return measureWithWrites(bench, server, replicas, { load: mixedLoad, purgeRate, ids }, pauses);
  };
  // Each check takes another user, because an earlier one has changed the name.
  const warmUpSeconds = seconds * WARM_UP_FACTOR;
  const warmUpIds = stored.slice(0, 2 * CHECKS_PER_SECOND * warmUpSeconds);
  await runMixed(warmUpSeconds, warmUpIds);
  const withWrites = await runMixed(seconds * MIXED_FACTOR, stored.slice(warmUpIds.length));
  process.stderr.write('.');
  return { stored: stored.length, fillSeconds, readsOnly, ...withWrites };
}

interface MixedLoad {
  readonly load: Load;
  /** Timed purges per second. */
  readonly purgeRate: number;
  /** The users that are changed. */
  readonly ids: readonly string[];
}

/** Puts a server under load while purges are timed and changes are checked, of half of the users each. */
async function measureWithWrites(
  bench: Bench,
  server: Server,
  replicas: Replicas,
  { load, purgeRate, ids }: MixedLoad,
  pauses: PauseRecorder,
) {
  const { seconds } = load;
  const half = Math.ceil(ids.length / 2);
  const [checkedIds, purgedIds] = [ids.slice(0, half), ids.slice(half)];
  if (purgedIds.length === 0) throw new Error('too few answers are stored for purges');
  const count = Math.ceil(purgeRate * LEAD_IN_SECONDS) + Math.ceil(purgeRate * seconds);
  const requests = Array.from({ length: count }, (_, index) =>
    purgeRequest(purgedIds[(index * PURGE_STRIDE) % purgedIds.length] as string),
  );
  // All is prepared before the first request, because this process does not answer meanwhile.
  const sendHits = await prepareMeasurement(bench, server, load);
  const sendPurges = await prepareOpenLoop({
    origin: await server.admin,
    requests,
    rate: purgeRate,
    seconds,
    connections: PURGE_CONNECTIONS,
    core: bench.cores.load,
  });
  await pauses.take();
  const [mixed, purges, staleReads] = await Promise.all([
    sendHits(),
    sendPurges(),
    findStaleReads(replicas, checkedIds, 1_000 / CHECKS_PER_SECOND, seconds),
  ]);
  const whilePurged = await pauses.take();
  return { mixed, purges, staleReads, whilePurged };
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
