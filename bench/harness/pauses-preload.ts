import { createServer } from 'node:http';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import type { Pauses } from './pauses.ts';

// Preloaded into the server under test: reports its pauses since the last report, over a Unix socket.

const RESOLUTION_MS = 1;

const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
let longestGcMs = 0;
new PerformanceObserver((list) => {
  longestGcMs = Math.max(longestGcMs, ...list.getEntries().map(({ duration }) => duration));
}).observe({ entryTypes: ['gc'] });

/** The interval between two samples, in nanoseconds, less the one without any delay, in milliseconds. */
const toDelayMs = (interval: number) => Math.max(0, interval / 1e6 - RESOLUTION_MS);

createServer(async (_request, response) => {
  await turn(); // The observer is called after the pause.
  const pauses: Pauses = {
    longestGcMs,
    longestLoopDelayMs: toDelayMs(delays.max),
    p99LoopDelayMs: toDelayMs(delays.percentile(99)),
  };
  delays.reset();
  longestGcMs = 0;
  response.end(JSON.stringify(pauses));
})
  .listen(process.env.PAUSES_SOCKET)
  .unref();
