import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { residentBytes } from '../harness/cores.ts';
import type { LoadRequest } from '../harness/load.ts';
import type { Bench } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import { scratchFile } from '../harness/scratch.ts';
import { send } from '../harness/send.ts';
import { startPeer } from '../harness/start-peer.ts';
import { summarise } from '../harness/stats.ts';
import { peerEnvironment } from '../peers/index.ts';
import { formatTable, medianAndRange } from '../report/tables.ts';
import { postQuery } from './graphql-requests.ts';
import type { Workload, WorkloadResult } from './workload.ts';

const PEERS = ['frontdesk', 'frontdesk-built', 'apollo-got'];
const BUILD = fileURLToPath(new URL('../../tools/build.ts', import.meta.url));
const SETTLE_MS = 3_000;
/** Kept between starts, as by the product's own start scripts. */
const COMPILE_CACHE = { NODE_COMPILE_CACHE: scratchFile('compiled') };
const READY: LoadRequest = { method: 'GET', path: '/readyz', headers: {} };
/** Readiness check of a peer without `/readyz`. */
const TYPENAME_QUERY = postQuery('{ __typename }')();

interface Start {
  readonly readyMs: number;
  readonly rssMb: number;
}

/** Time from the start of a process to its first answer, and its memory when idle. */
export const boot: Workload = { peers: PEERS, modes: ['boot'], run };

async function run(bench: Bench, { peers, rounds }: Options): Promise<WorkloadResult> {
  if (peers.includes('frontdesk-built')) execFileSync(process.execPath, [BUILD]);
  process.stderr.write('Starts: ');
  for (const peer of peers) await startOnce(bench, peer); // fills the compile cache
  const starts = new Map(peers.map((peer): [string, Start[]] => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [peer, all] of round % 2 ? [...starts].reverse() : starts) {
      all.push(await startOnce(bench, peer));
    }
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  const rows = [...starts].map(([peer, all]) => [
    peer,
    medianAndRange(all, ({ readyMs }) => readyMs, 0),
    medianAndRange(all, ({ rssMb }) => rssMb, 0),
  ]);
  const head = ['peer', 'start to first answer, ms', 'resident memory 3 s later, MB'];
  return {
    lines: [formatTable('Start of one process', head, rows)],
    figures: { boot: Object.fromEntries([...starts].map(([peer, all]) => [peer, medians(all)])) },
    notes: [],
  };
}

async function startOnce({ cores, upstream }: Bench, peer: string): Promise<Start> {
  const env = { ...peerEnvironment(upstream.urls, 'mobile'), ...COMPILE_CACHE };
  const begin = performance.now();
  const server = await startPeer(cores, peer, 'mobile', env);
  const { status } = await send(server.origin, peer === 'apollo-got' ? TYPENAME_QUERY : READY);
  const readyMs = performance.now() - begin;
  if (status !== 200) throw new Error(`${peer} returned ${status} to the readiness check`);
  await sleep(SETTLE_MS);
  const rssMb = residentBytes(server.pid) / 1e6;
  await server.stop();
  return { readyMs, rssMb };
}

const medians = (all: readonly Start[]) => ({
  readyMs: summarise(all.map(({ readyMs }) => readyMs)).median,
  rssMb: summarise(all.map(({ rssMb }) => rssMb)).median,
});
