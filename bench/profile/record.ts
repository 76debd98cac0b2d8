import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadJob, LoadResult } from '../harness/load.ts';
import type { Bench } from '../harness/measure.ts';
import { scratchFile } from '../harness/scratch.ts';
import { PEERS } from '../peers/index.ts';
import type { Workload } from '../workloads/workload.ts';
import type { CpuProfile, Recording, Usage } from './recording.ts';

const PEER = 'frontdesk';
const PRELOADED_MODULE = new URL('preload.ts', import.meta.url).href;
const SECONDS = 5;
const WARM_UP_SECONDS = 2;
/** Wait for requests in flight at the end, whose cost counts too. */
const SETTLE_MS = 300;
/** One round without the profiler and one with it. */
const ROUNDS = ['plain', 'profiled'] as const;

/**
 * Runs one mode of a workload and records CPU times and a profile inside the server.
 * @throws Error with the workload's notes if the server can't be measured in this mode
 */
export async function record(bench: Bench, workload: Workload, mode: string): Promise<Recording> {
  const socket = scratchFile(`${mode}.sock`);
  // All processes of the bench inherit these variables; the preloaded module acts only in the server.
  Object.assign(process.env, {
    NODE_OPTIONS: `--import ${PRELOADED_MODULE}`,
    PROFILED_PROGRAM: PEERS[PEER]?.program('mobile'),
    PROFILE_SOCKET: socket,
  });
  const rounds: (RoundUsage & { readonly requests: number })[] = [];

  const run = async (job: LoadJob): Promise<LoadResult> => {
    const round = ROUNDS[rounds.length];
    // Runs of another duration are the warm-up and the upstream's own measurement.
    if (job.seconds !== SECONDS || !round) return bench.generator.run(job);
    await sendCommand(socket, `/${round}/start`);
    const result = await bench.generator.run(job);
    await sleep(SETTLE_MS);
    const roundUsage = (await sendCommand(socket, `/${round}/stop`)) as RoundUsage;
    rounds.push({ ...roundUsage, requests: result.sent });
    return result;
  };
  const generator = { name: bench.generator.name, run };
  const { notes } = await workload.run(
    { ...bench, generator },
    {
      peers: [PEER],
      modes: [mode],
      rounds: ROUNDS.length,
      seconds: SECONDS,
      warmUpSeconds: WARM_UP_SECONDS,
      write: false,
    },
  );
  const [plain, profiled] = rounds;
  if (!plain || !profiled?.profile) throw new Error(notes.join('\n'));
  const { profile, usage, requests } = profiled;
  return { profile, usage, requests, plain, notes };
}

interface RoundUsage {
  readonly usage: Usage;
  readonly profile?: CpuProfile;
}

function sendCommand(socketPath: string, path: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  request({ socketPath, path }, (response) => resolve(json(response)))
    .once('error', reject)
    .end();
  return promise;
}
