import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadRequest } from '../harness/load.ts';
import type { Bench } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import { startPeer } from '../harness/peer.ts';
import { scratchFile } from '../harness/scratch.ts';
import { send } from '../harness/send.ts';
import { summarise } from '../harness/stats.ts';
import { environmentOf } from '../peers/index.ts';
import { layOut, spread } from '../report/tables.ts';
import { asText } from './operation.ts';
import type { Outcome, Workload } from './workload.ts';

const PEERS = ['frontdesk', 'apollo-got'];
const SETTLE_MS = 3_000;
/** Kept from one start to the next, as the product's own start scripts keep it. */
const COMPILED = { NODE_COMPILE_CACHE: scratchFile('compiled') };
const HEALTH: LoadRequest = { method: 'GET', path: '/readyz', headers: {} };
/** For who has no other sign that it is ready. */
const SMALLEST = asText('{ __typename }')();

interface Start {
  readonly readyMs: number;
  readonly rssMb: number;
}

/** From the start of a process until it answers, and what it takes of memory when nothing is asked. */
export const boot: Workload = { peers: PEERS, modes: ['boot'], run };

async function run(bench: Bench, { peers, rounds }: Options): Promise<Outcome> {
  process.stderr.write('Starts: ');
  for (const peer of peers) await startOnce(bench, peer);
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
    spread(all, ({ readyMs }) => readyMs, 0),
    spread(all, ({ rssMb }) => rssMb, 0),
  ]);
  const head = ['peer', 'start to the first answer, ms', 'resident memory 3 s later, MB'];
  return {
    lines: [layOut('Start of one process', head, rows)],
    figures: { boot: Object.fromEntries([...starts].map(([peer, all]) => [peer, medians(all)])) },
    notes: [],
  };
}

async function startOnce({ cores, upstream }: Bench, peer: string): Promise<Start> {
  const env = { ...environmentOf(upstream.urls, 'mobile'), ...COMPILED };
  const begin = performance.now();
  const server = await startPeer(cores, peer, 'mobile', env);
  const { status } = await send(server.origin, peer === 'frontdesk' ? HEALTH : SMALLEST);
  const readyMs = performance.now() - begin;
  if (status !== 200) throw new Error(`${peer} answers ${status} when it is ready`);
  await sleep(SETTLE_MS);
  const rssMb = residentMegabytes(server.pid);
  await server.stop();
  return { readyMs, rssMb };
}

/** Of a process (proc(5), status). */
function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024) / 1e6;
}

const medians = (all: readonly Start[]) => ({
  readyMs: summarise(all.map(({ readyMs }) => readyMs)).median,
  rssMb: summarise(all.map(({ rssMb }) => rssMb)).median,
});
