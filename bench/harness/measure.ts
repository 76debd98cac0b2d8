import { setTimeout as sleep } from 'node:timers/promises';
import type { Delays } from '../upstream/routes.ts';
import { busySeconds, type Cores, cpuSeconds } from './cores.ts';
import type { LoadGenerator, LoadRequest } from './load.ts';
import type { Server } from './processes.ts';
import type { Upstream } from './upstream.ts';

const SETTLE_MS = 300;

/** One server, one mode, one round. */
export interface Measurement {
  /** Requests per second. */
  readonly rate: number;
  /** The server's CPU time per request, in microseconds. */
  readonly cpu: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Upstream calls per request. */
  readonly calls: number;
  /** The largest number of upstream calls that were open at once. */
  readonly atOnce: number;
  readonly errors: number;
  /** How busy the server was, of one core. */
  readonly serverBusy: number;
  /** How busy the core of the load generator was, whoever used it. */
  readonly loadBusy: number;
  /** How busy the upstream was, of one core. */
  readonly upstreamBusy: number;
}

export interface Bench {
  readonly cores: Cores;
  readonly generator: LoadGenerator;
  readonly upstream: Upstream;
}

export interface Load {
  readonly requests: readonly LoadRequest[];
  readonly connections: number;
  readonly seconds: number;
  readonly rate?: number | undefined;
  readonly answerMs?: number | undefined;
  readonly delays: Delays;
}

export const NO_DELAYS: Delays = { user: 0, order: 0, notification: 0 };

export async function measure(
  { cores, generator, upstream }: Bench,
  { pid, origin }: Server,
  { delays, rate, ...load }: Load,
): Promise<Measurement> {
  await upstream.reset(delays);
  const before = {
    time: performance.now(),
    cpu: cpuSeconds(pid),
    upstream: cpuSeconds(upstream.pid),
    busy: busySeconds(cores.load),
  };
  const result = await generator.run({ ...load, origin, rate, core: cores.load });
  const wall = (performance.now() - before.time) / 1_000;
  const busy = busySeconds(cores.load) - before.busy;
  const upstreamBusy = (cpuSeconds(upstream.pid) - before.upstream) / wall;
  const serverBusy = (cpuSeconds(pid) - before.cpu) / wall;
  // What was under way when the time was up costs as well: it is waited for, and counted.
  await sleep(SETTLE_MS);
  const cpu = cpuSeconds(pid) - before.cpu;
  const { counts, atOnce } = await upstream.reset(delays);
  const calls = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    rate: result.requests / result.seconds,
    cpu: (cpu / result.sent) * 1e6,
    p50: result.p50,
    p99: result.p99,
    calls: calls / result.sent,
    atOnce,
    errors: result.errors,
    serverBusy,
    loadBusy: busy / wall,
    upstreamBusy,
  };
}

/**
 * What the upstream itself can do, asked by the load generator without a server in between.
 * @param targets - what is asked, in turn; any service answers for all
 */
export async function measureUpstream(
  { cores, generator, upstream }: Bench,
  targets: readonly string[],
  { connections, seconds, delays }: Omit<Load, 'requests'>,
): Promise<{ rate: number; p50: number; p99: number }> {
  await upstream.reset(delays);
  const requests = targets.map((path): LoadRequest => ({ method: 'GET', path, headers: {} }));
  const origin = upstream.urls.notification ?? '';
  const job = { origin, requests, connections, seconds, rate: undefined, core: cores.load };
  const result = await generator.run(job);
  if (result.errors > 0) throw new Error(`the upstream answered ${result.errors} errors`);
  return { rate: result.requests / result.seconds, p50: result.p50, p99: result.p99 };
}
