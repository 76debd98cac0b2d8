import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';
import type { ProbeReport } from './figures.ts';

// Preloaded into the measured process, which needs --expose-gc and an IPC channel: answers the message
// `measure`, writes a heap snapshot for `snapshot <path>`, and ends the process with its parent. The product has no endpoint for these figures.

const RESOLUTION_MS = 10;
/** The time for finalizers, which run after a collection and release what the next one collects. */
const FINALIZERS_MS = 50;
const COLLECTIONS = 3;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

async function measure(): Promise<ProbeReport> {
  // Includes the resolution of the timer that measures it.
  const loopP99Ms = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS);
  const loopMaxMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
  for (let n = 0; n < COLLECTIONS; n++) {
    globalThis.gc?.();
    await sleep(FINALIZERS_MS);
  }
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const handles = countBy(process.getActiveResourcesInfo());
  delay.reset();
  return { rss, heapUsed, external, arrayBuffers, handles, loopP99Ms, loopMaxMs };
}

function countBy(names: readonly string[]): Record<string, number> {
  const groups = Object.groupBy(names, (name) => name);
  return Object.fromEntries(Object.entries(groups).map(([name, all]) => [name, all?.length ?? 0]));
}

process.on('message', (message: unknown) => {
  if (typeof message !== 'string') return;
  if (message === 'measure') void measure().then((report) => process.send?.(report));
  const [, path] = /^snapshot (.+)$/.exec(message) ?? [];
  if (path) process.send?.(writeHeapSnapshot(path));
});
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
