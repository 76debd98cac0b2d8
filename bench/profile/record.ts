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
const PRELOAD = new URL('preload.ts', import.meta.url).href;
const SECONDS = 5;
const WARM_UP_SECONDS = 2;
/** What is under way when the time is up is waited for, and counted. */
const SETTLE_MS = 300;
/** One round as it is, and one under the profiler. */
const ROUNDS = ['plain', 'profiled'] as const;

/**
 * Runs one mode of a workload as the bench does, and looks at the server from within meanwhile.
 * @throws Error with the workload's notes if the server can't be asked so
 */
export async function record(bench: Bench, workload: Workload, mode: string): Promise<Recording> {
  const socket = scratchFile(`${mode}.sock`);
  // Every process that the bench starts inherits these; only the server heeds them.
  Object.assign(process.env, {
    NODE_OPTIONS: `--import ${PRELOAD}`,
    PROFILED: PEERS[PEER]?.program('mobile'),
    PROFILE_SOCKET: socket,
  });
  const rounds: (Watched & { readonly requests: number })[] = [];

  const run = async (job: LoadJob): Promise<LoadResult> => {
    const round = ROUNDS[rounds.length];
    // Whatever takes another time comes before the rounds, and warms up.
    if (job.seconds !== SECONDS || !round) return bench.generator.run(job);
    await ask(socket, `/${round}/start`);
    const result = await bench.generator.run(job);
    await sleep(SETTLE_MS);
    const watched = (await ask(socket, `/${round}/stop`)) as Watched;
    rounds.push({ ...watched, requests: result.sent });
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

interface Watched {
  readonly usage: Usage;
  readonly profile?: CpuProfile;
}

function ask(socketPath: string, path: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  request({ socketPath, path }, (response) => resolve(json(response)))
    .once('error', reject)
    .end();
  return promise;
}
