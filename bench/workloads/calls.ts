import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CLIENTS } from '../calls/clients.ts';
import type { CallReport } from '../calls/worker.ts';
import { type Bench, NO_DELAYS } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import { spawnOnCore } from '../harness/pinned-process.ts';
import { summarise } from '../harness/stats.ts';
import { formatTable, medianAndRange } from '../report/tables.ts';
import type { Figures, Workload, WorkloadResult } from './workload.ts';

const MODE = 'calls';
const TITLE = 'One upstream call, 8 in flight, a response of 200 bytes';
const BASELINE = 'undici';
const WORKER = fileURLToPath(new URL('../calls/worker.ts', import.meta.url));

/** The price of an upstream call in the product's client, in got, and without it. */
export const calls: Workload = { peers: Object.keys(CLIENTS), modes: [MODE], run };

async function run(
  { cores, upstream }: Bench,
  { peers, rounds, seconds, warmUpSeconds }: Options,
): Promise<WorkloadResult> {
  await upstream.reset(NO_DELAYS);
  const workers = peers.map((client) => {
    const args = [WORKER, client, upstream.urls.user ?? ''];
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    const child = spawnOnCore(cores.server, process.execPath, args, {}, [...stdio]);
    const failed = once(child, 'exit').then((): never => {
      throw new Error(`${client} failed`);
    });
    const measure = async (duration: number): Promise<CallReport> => {
      child.send(duration);
      const [report] = (await Promise.race([once(child, 'message'), failed])) as [CallReport];
      return report;
    };
    return { client, measure, reports: [] as CallReport[], stop: () => child.disconnect() };
  });
  for (const { measure } of workers) await measure(warmUpSeconds);
  process.stderr.write(`${TITLE}: `);
  for (let round = 0; round < rounds; round++) {
    for (const { measure, reports } of round % 2 ? workers.toReversed() : workers) {
      reports.push(await measure(seconds));
    }
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  for (const { stop } of workers) stop();

  const all = new Map(workers.map(({ client, reports }) => [client, reports]));
  return {
    lines: [toTable(all)],
    figures: { [MODE]: Object.fromEntries([...all].map(([name, one]) => [name, toFigures(one)])) },
    notes: [],
  };
}

const toFigures = (reports: readonly CallReport[]): Figures => ({
  cpuMicros: summarise(reports.map((one) => one.cpuMicrosPerCall)).median,
  allocatedKb: summarise(reports.map((one) => one.allocatedBytesPerCall / 1e3)).median,
  rate: summarise(reports.map((one) => one.calls / one.seconds)).median,
});

function toTable(all: ReadonlyMap<string, readonly CallReport[]>): string {
  const base = all.get(BASELINE);
  const baseMicros = base && toFigures(base).cpuMicros;
  const head = ['client', 'CPU µs/call', `× ${BASELINE}`, 'kB allocated/call', 'calls/s'];
  const rows = [...all].map(([client, reports]) => [
    client,
    medianAndRange(reports, (one) => one.cpuMicrosPerCall, 0),
    baseMicros ? ((toFigures(reports).cpuMicros ?? 0) / baseMicros).toFixed(2) : '–',
    medianAndRange(reports, (one) => one.allocatedBytesPerCall / 1e3, 1),
    medianAndRange(reports, (one) => one.calls / one.seconds, 0),
  ]);
  return formatTable(TITLE, head, rows);
}
