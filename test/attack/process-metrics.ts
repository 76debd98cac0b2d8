/** Metrics that a process measures itself. */
export interface ProcessMetrics {
  /** Resident set size after garbage collection, in bytes. */
  readonly rss: number;
  /** Used heap after garbage collection, in bytes. */
  readonly heap: number;
  /** Resources that keep the process alive: timers, connections, listeners. */
  readonly handles: number;
  readonly connections: number;
  /** Maximum delay of the event loop since the last measurement, in milliseconds. */
  readonly lagMs: number;
}

/**
 * Runs in the process before the server. Waits before it measures, so that a delay that lasts until
 * now is recorded. For the message `lag` it skips garbage collection, which discards compiled code.
 */
const SCRIPT = `
import { monitorEventLoopDelay } from 'node:perf_hooks';
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on('message', (message) => setTimeout(() => {
  const lagMs = delay.max / 1e6;
  if (message !== 'lag') gc();
  const { rss, heapUsed: heap } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const connections = resources.filter((name) => name === 'TCPSocketWrap').length;
  process.send({ rss, heap, handles: resources.length, connections, lagMs });
  delay.reset();
}, 5))`;

/** The value of `--import` for a process to measure, which also needs --expose-gc and an IPC channel. */
export const METRICS_PRELOAD = `data:text/javascript,${encodeURIComponent(SCRIPT)}`;
