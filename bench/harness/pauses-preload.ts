import { createServer } from 'node:http';
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import type { Pauses } from './pauses.ts';

// Preloaded into the server under test: reports its pauses since the last report, over a Unix socket.

const RESOLUTION_MS = 1;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
if (process.env.PAUSES_LOOP_DELAY) delays.enable();

/** The types of Node lack `detail`. */
interface GcEntry {
  readonly duration: number;
  readonly detail: { readonly kind: number };
}

const noPauses = () => ({ count: 0, totalMs: 0, longestMs: 0 });
let scavenges = noPauses();
let otherGc = noPauses();
let allocatedBefore = 0;

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { duration, detail } = entry as unknown as GcEntry;
    const pauses = detail.kind === constants.NODE_PERFORMANCE_GC_MINOR ? scavenges : otherGc;
    pauses.count += 1;
    pauses.totalMs += duration;
    pauses.longestMs = Math.max(pauses.longestMs, duration);
  }
}).observe({ entryTypes: ['gc'] });

/** The interval between two samples, in nanoseconds, less the one without any delay, in milliseconds. */
const toDelayMs = (interval: number) => Math.max(0, interval / 1e6 - RESOLUTION_MS);

createServer(async (_request, response) => {
  await turn(); // The observer is called after the pause.
  const allocated = (getHeapStatistics() as unknown as { readonly total_allocated_bytes: number })
    .total_allocated_bytes;
  const pauses: Pauses = {
    scavenges,
    otherGc,
    allocatedBytes: allocated - allocatedBefore,
    longestLoopDelayMs: toDelayMs(delays.max),
    p99LoopDelayMs: toDelayMs(delays.percentile(99)),
  };
  delays.reset();
  [scavenges, otherGc] = [noPauses(), noPauses()];
  allocatedBefore = allocated;
  response.end(JSON.stringify(pauses));
})
  .listen(process.env.PAUSES_SOCKET)
  .unref();
