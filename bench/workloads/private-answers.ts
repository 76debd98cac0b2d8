import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { residentBytes } from '../harness/cores.ts';
import type { LoadRequest } from '../harness/load.ts';
import { type Bench, type Measurement, measure, NO_DELAYS } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import { createPauseRecorder, type Pauses } from '../harness/pauses.ts';
import { startPeer } from '../harness/start-peer.ts';
import { peerEnvironment } from '../peers/index.ts';
import { userIds } from '../upstream/data.ts';
import { headersFor } from './authorization.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { fetchText } from './fetch-text.ts';
import { persistedQuery } from './graphql-requests.ts';
import { figuresOfModes, formatModes, measureModes } from './measured-modes.ts';
import { toPrivateFigures, toPrivateRows } from './private-report.ts';
import { variantDirectives, variantParameters, variantVariables } from './variants.ts';
import type { Workload, WorkloadResult } from './workload.ts';

const TITLE = 'Many private answers, read at random: GET by hash with a token, 64 connections';
const CONNECTIONS = 64;
/** Variants of the dashboard of each of the 1,000 users. */
const VARIANTS = 100;
/** Further ones, stored first: memory that any work takes does not count as memory of the answers. */
const WARM_UP_VARIANTS = 10;
/** Requests of one round, so few because the load generator keeps them in memory. */
const SAMPLE_SIZE = 20_000;
/** Time for the last responses to reach Redis. */
const SETTLE_MS = 1_000;

const operation = persistedQuery(
  FANOUT_QUERY.replace('{', `(${variantParameters}) {`).replace(/}$/, `${variantDirectives} }`),
);

interface Setup {
  readonly peer: string;
  readonly variants: number;
  readonly env: Readonly<Record<string, string>>;
}

/** By mode. */
const SETUPS: Readonly<Record<string, Setup>> = {
  'private-many': { peer: 'long-lived', variants: VARIANTS, env: { CACHE_MEMORY_MB: '400' } },
  // Next to no memory, so that every read is one from Redis.
  'private-redis': { peer: 'long-lived-redis', variants: 20, env: { CACHE_MEMORY_MB: '1' } },
};

/** The measurements of one server. */
export interface PrivateMeasurements {
  readonly stored: number;
  readonly bodyBytes: number;
  readonly fillSeconds: number;
  /** Growth of the resident memory for each answer. */
  readonly bytesPerAnswer: number;
  readonly whileStored: Pauses;
  readonly whileRead: Pauses;
  readonly rounds: readonly Measurement[];
}

/** 100,000 stored dashboards: their memory, the pauses that they cause, and hits from each tier. */
export const privateAnswers: Workload = { peers: ['frontdesk'], modes: Object.keys(SETUPS), run };

async function run(bench: Bench, options: Options): Promise<WorkloadResult> {
  const { measured, notes } = await measureModes(options, (mode) =>
    measureOne(bench, mode, options),
  );
  return {
    lines: formatModes(TITLE, measured, toPrivateRows),
    figures: figuresOfModes(measured, toPrivateFigures),
    notes,
  };
}

async function measureOne(
  bench: Bench,
  mode: string,
  { seconds, rounds, warmUpSeconds }: Options,
): Promise<PrivateMeasurements> {
  process.stderr.write(`Private answers (${mode}): `);
  const { cores, upstream } = bench;
  const { peer, variants, env } = SETUPS[mode] as Setup;
  const pauses = createPauseRecorder(mode, true);
  const variables = { ...peerEnvironment(upstream.urls, 'mobile'), ...env, ...pauses.env };
  const server = await startPeer(cores, peer, 'mobile', variables);
  try {
    await upstream.reset(NO_DELAYS);
    const client = await createClient(server.origin);
    const warmUp = await requestsOf(VARIANTS, VARIANTS + WARM_UP_VARIANTS);
    await client.sendAll(warmUp);
    const requests = await requestsOf(0, variants);
    await pauses.take();
    const bytesBefore = residentBytes(server.pid);
    const startedAt = performance.now();
    const bodyBytes = await client.sendAll(requests);
    const fillSeconds = (performance.now() - startedAt) / 1_000;
    process.stderr.write('.');
    await sleep(SETTLE_MS);
    const whileStored = await pauses.take();
    const load = { connections: CONNECTIONS, delays: NO_DELAYS };
    const read = (length: number) =>
      measure(bench, server, { ...load, seconds: length, requests: sampleOf(requests) });
    await read(warmUpSeconds);
    const measurements: Measurement[] = [];
    for (let round = 0; round < rounds; round++) {
      measurements.push(await read(seconds));
      process.stderr.write('.');
    }
    await client.close();
    process.stderr.write('\n');
    return {
      stored: requests.length,
      bodyBytes: bodyBytes / requests.length,
      fillSeconds,
      bytesPerAnswer: (residentBytes(server.pid) - bytesBefore) / requests.length,
      whileStored,
      whileRead: await pauses.take(),
      rounds: measurements,
    };
  } finally {
    await server.stop();
  }
}

/** The dashboards of all users in the variants from `first` to `end`, without `end`. */
async function requestsOf(first: number, end: number): Promise<readonly LoadRequest[]> {
  const headers = await Promise.all(userIds.map((id) => headersFor(id)));
  const variants = Array.from({ length: end - first }, (_, index) =>
    variantVariables(first + index),
  );
  return variants.flatMap((variables) => headers.map((each) => operation.get(variables, each)));
}

/** Some of them, each at most once, in random order. */
function sampleOf(requests: readonly LoadRequest[]): readonly LoadRequest[] {
  const rest = [...requests];
  return Array.from({ length: Math.min(SAMPLE_SIZE, rest.length) }, () => {
    const index = Math.floor(Math.random() * rest.length);
    const chosen = rest[index] as LoadRequest;
    rest[index] = rest.at(-1) as LoadRequest;
    rest.pop();
    return chosen;
  });
}

async function createClient(origin: string) {
  const pool = new Pool(origin, { connections: CONNECTIONS });

  const headers = await headersFor(userIds[0] as string);
  const { body = '', ...registration } = operation.register(headers);
  const variables = variantVariables(0);
  await fetchText(pool, {
    ...registration,
    body: JSON.stringify({ ...JSON.parse(body), variables }),
  });

  return {
    /** Sends each request once. @returns the length of all bodies */
    async sendAll(requests: readonly LoadRequest[]): Promise<number> {
      const queue = requests.values();
      let bytes = 0;
      const worker = async () => {
        for (const request of queue) {
          const text = await fetchText(pool, request);
          bytes += Buffer.byteLength(text);
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, worker));
      return bytes;
    },
    close: () => pool.close(),
  };
}
