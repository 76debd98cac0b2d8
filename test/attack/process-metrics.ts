/** What only the process itself can tell. */
export interface ProcessMetrics {
  /** Memory of the process, and of what is reachable in it, in bytes, after collection. */
  readonly rss: number;
  readonly heap: number;
  /** What keeps the process alive: timers, connections, listeners. */
  readonly handles: number;
  readonly connections: number;
  /** The longest that the event loop was held up since the last time, in milliseconds. */
  readonly lagMs: number;
}

/**
 * Runs in the process before the server does. The pause lets a delay that lasts until now be seen. Who
 * asks for `lag` gets the rest as it is, before collection, which has code compiled anew.
 */
const TELL = `
import { monitorEventLoopDelay } from 'node:perf_hooks';
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on('message', (ask) => setTimeout(() => {
  const lagMs = delay.max / 1e6;
  if (ask !== 'lag') gc();
  const { rss, heapUsed: heap } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const connections = resources.filter((name) => name === 'TCPSocketWrap').length;
  process.send({ rss, heap, handles: resources.length, connections, lagMs });
  delay.reset();
}, 5))`;

/** What to give to `--import`, with --expose-gc and a channel, of a process that shall tell how it does. */
export const METRICS_PRELOAD = `data:text/javascript,${encodeURIComponent(TELL)}`;
