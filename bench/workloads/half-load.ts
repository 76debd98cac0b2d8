import { type Bench, type Measurement, measure } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import { startPeer } from '../harness/start-peer.ts';
import { peerEnvironment } from '../peers/index.ts';
import { DELAYS, dashboardRequests, RATE_CONNECTIONS } from './fanout.ts';
import { figuresOfModes, formatModes, measureModes, whole } from './measured-modes.ts';
import type { Figures, Workload } from './workload.ts';

const TITLE = 'Half of the maximum rate: 1,000 connections, delayed upstreams, measured once';
const CONNECTIONS = 1_000;
/** Duration of the measurement at half of the maximum rate, in multiples of the others'. */
const HALF_FACTOR = 5;

interface HalfLoadMeasurements {
  readonly full: Measurement;
  readonly half: Measurement;
}

/** Dashboards on many connections, at a rate at which admission control must not refuse any. */
export const halfLoad: Workload = {
  peers: ['frontdesk'],
  modes: ['half'],
  async run(bench, options) {
    const { measured, notes } = await measureModes(options, () => measureHalf(bench, options));
    return {
      lines: formatModes(TITLE, measured, (all) =>
        ROWS.map(([title, cell]) => [title, ...all.map(cell)]),
      ),
      figures: figuresOfModes(measured, toFigures),
      notes: [...notes, ...[...measured.values()].flatMap(noteOf)],
    };
  },
};

async function measureHalf(
  bench: Bench,
  { seconds, warmUpSeconds }: Options,
): Promise<HalfLoadMeasurements> {
  process.stderr.write(`${TITLE}\n`);
  const env = { ...peerEnvironment(bench.upstream.urls, 'mobile'), CACHE_MEMORY_MB: '0' };
  await using started = new AsyncDisposableStack();
  const server = await startPeer(bench.cores, 'frontdesk', 'mobile', env);
  started.defer(() => server.stop());
  const requests = await dashboardRequests();
  // More connections that never pause would be an overload, of which requests are refused.
  const load = { requests, connections: RATE_CONNECTIONS, delays: DELAYS };
  await measure(bench, server, { ...load, seconds: warmUpSeconds });
  const full = await measure(bench, server, { ...load, seconds });
  if (full.errors > 0) throw new Error(`${full.errors} errors at the maximum rate`);
  const half = await measure(bench, server, {
    ...load,
    connections: CONNECTIONS,
    seconds: seconds * HALF_FACTOR,
    rate: full.rate / 2,
  });
  return { full, half };
}

const ROWS: readonly (readonly [title: string, cell: (one: HalfLoadMeasurements) => string])[] = [
  ['requests/s at the maximum rate, 256 connections', ({ full }) => whole(full.rate)],
  ['requests/s at half of it', ({ half }) => whole(half.rate)],
  ['server busy', ({ half }) => `${whole(half.serverBusy * 100)} %`],
  ['p50 ms', ({ half }) => half.p50Ms.toFixed(2)],
  ['p90 ms', ({ half }) => half.p90Ms.toFixed(2)],
  ['p99 ms', ({ half }) => half.p99Ms.toFixed(2)],
  ['upstream calls/request', ({ half }) => half.callsPerRequest.toFixed(2)],
  ['waited for a connection', ({ half }) => whole(half.waitingSends)],
  ['refused or failed', ({ half }) => whole(half.errors)],
];

const noteOf = ({ half }: HalfLoadMeasurements): string[] =>
  half.errors > 0
    ? [`${half.errors} requests were refused or failed at half of the maximum rate`]
    : [];

const toFigures = ({ full, half }: HalfLoadMeasurements): Figures => ({
  fullRate: full.rate,
  rate: half.rate,
  p50Ms: half.p50Ms,
  p99Ms: half.p99Ms,
  errors: half.errors,
});
