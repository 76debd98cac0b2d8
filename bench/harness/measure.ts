import { setTimeout as sleep } from 'node:timers/promises';
import type { Delays } from '../upstream/routes.ts';
import { busySeconds, type Cores, cpuSeconds } from './cores.ts';
import type { LoadGenerator, LoadRequest, LoadResult } from './load.ts';
import { type OpenLoopResult, prepareOpenLoop } from './open-loop.ts';
import type { GcReport } from './pauses.ts';
import type { Server } from './server-process.ts';
import type { Upstream } from './upstream.ts';

const SETTLE_MS = 300;

/** Figures of one server in one mode and one round. */
export interface Measurement {
  /** Requests per second. */
  readonly rate: number;
  /** CPU time of the server per request, in microseconds. */
  readonly cpuMicros: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  /** Upstream calls per request. */
  readonly callsPerRequest: number;
  /** Largest number of upstream calls open at the same time. */
  readonly maxOpenCalls: number;
  readonly errors: number;
  /** Requests sent. */
  readonly sent: number;
  /** CPU time of the server, as a share of one core. */
  readonly serverBusy: number;
  /** Busy share, 0 to 1, of the load generator's core, including all other programs on it. */
  readonly loadBusy: number;
  /** CPU time of the upstream, as a share of one core. */
  readonly upstreamBusy: number;
  /** Requests that the load generator sent too late, at a fixed rate. */
  readonly lateSends: number;
  /** Requests that waited for a connection, at a fixed rate. */
  readonly waitingSends: number;
  /** Of a server with a recorder. */
  readonly gc?: GcFigures;
}

export interface GcFigures extends GcReport {
  readonly seconds: number;
  readonly allocatedBytesPerRequest: number;
}

/** The environment of all measurements. */
export interface Bench {
  readonly cores: Cores;
  readonly generator: LoadGenerator;
  readonly upstream: Upstream;
}

export interface Load {
  readonly requests: readonly LoadRequest[];
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second; undefined sends as fast as the server answers. */
  readonly rate?: number | undefined;
  readonly delays: Delays;
}

export const NO_DELAYS: Delays = { user: 0, order: 0, notification: 0 };

/** Puts a server under load once. */
export async function measure(bench: Bench, server: Server, load: Load): Promise<Measurement> {
  const run = await prepareMeasurement(bench, server, load);
  return run();
}

/**
 * Prepares a load, which takes a while if it has many requests, and sends its lead-in if it has a rate.
 * @returns a function that puts the server under the load once
 */
export async function prepareMeasurement(
  bench: Bench,
  server: Server,
  { delays, rate, ...load }: Load,
): Promise<() => Promise<Measurement>> {
  const { cores, generator, upstream } = bench;
  await upstream.reset(delays);
  const job = { ...load, origin: server.origin, core: cores.load };
  const run = rate ? await prepareOpenLoop({ ...job, rate }) : () => generator.run(job);
  return () => measureRun(bench, server, delays, run);
}

async function measureRun(
  { cores, upstream }: Bench,
  { pid, pauses }: Server,
  delays: Delays,
  run: () => Promise<LoadResult & Partial<OpenLoopResult>>,
): Promise<Measurement> {
  // The lead-in of a fixed rate does not count.
  await upstream.reset(delays);
  await pauses?.take();
  const before = {
    time: performance.now(),
    cpu: cpuSeconds(pid),
    upstream: cpuSeconds(upstream.pid),
    busy: busySeconds(cores.load),
  };
  const result = await run();
  const wallSeconds = (performance.now() - before.time) / 1_000;
  const busy = busySeconds(cores.load) - before.busy;
  const upstreamBusy = (cpuSeconds(upstream.pid) - before.upstream) / wallSeconds;
  const serverBusy = (cpuSeconds(pid) - before.cpu) / wallSeconds;
  // Requests in flight at the end cost CPU time and upstream calls too: wait for them, then count.
  await sleep(SETTLE_MS);
  const cpu = cpuSeconds(pid) - before.cpu;
  const gc = await pauses?.take();
  const { callsByRoute, maxOpenCalls } = await upstream.reset(delays);
  const calls = Object.values(callsByRoute).reduce((sum, count) => sum + count, 0);
  const { lateSends = 0, waitingSends = 0 } = result;
  return {
    rate: result.requests / result.seconds,
    cpuMicros: (cpu / result.sent) * 1e6,
    p50Ms: result.p50Ms,
    p90Ms: result.p90Ms,
    p99Ms: result.p99Ms,
    callsPerRequest: calls / result.sent,
    maxOpenCalls,
    errors: result.errors,
    sent: result.sent,
    serverBusy,
    loadBusy: busy / wallSeconds,
    upstreamBusy,
    lateSends,
    waitingSends,
    ...(gc && {
      gc: {
        ...gc,
        seconds: wallSeconds,
        allocatedBytesPerRequest: gc.allocatedBytes / result.sent,
      },
    }),
  };
}

/**
 * Puts the upstream under load directly, without a server in between and without delays.
 * @param paths - sent round robin to one service's port, which serves the routes of all services
 * @returns calls per second
 */
export async function measureUpstream(
  { cores, generator, upstream }: Bench,
  paths: readonly string[],
  { connections, seconds }: Pick<Load, 'connections' | 'seconds'>,
): Promise<number> {
  await upstream.reset(NO_DELAYS);
  const requests = paths.map((path): LoadRequest => ({ method: 'GET', path, headers: {} }));
  const origin = upstream.urls.notification ?? '';
  const job = { origin, requests, connections, seconds, core: cores.load };
  const result = await generator.run(job);
  if (result.errors > 0) throw new Error(`the upstream returned ${result.errors} errors`);
  return result.requests / result.seconds;
}
