import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { performance } from 'node:perf_hooks';
import type { Usage } from './recording.ts';

// Runs in the server under test before it does, and looks at it when the bench asks for that, on a
// socket of its own: a profile of the whole process would show its start and its warm-up as well.

const INTERVAL_US = 500;
const { PROFILED, PROFILE_SOCKET } = process.env;

const session = new Session();
let usageSince = startUsage();

const orders: Readonly<Record<string, () => Promise<unknown>>> = {
  '/plain/start': async () => {
    usageSince = startUsage();
  },
  '/plain/stop': async () => ({ usage: usageSince() }),
  '/profiled/start': async () => {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    await session.post('Profiler.start');
    usageSince = startUsage();
  },
  '/profiled/stop': async () => {
    const usage = usageSince();
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return { usage, profile };
  },
};

if (PROFILE_SOCKET && process.argv[1] === PROFILED) {
  const server = createServer(async ({ url = '' }, response) => {
    response.end(JSON.stringify((await orders[url]?.()) ?? {}));
  });
  server.listen(PROFILE_SOCKET).unref();
}

function startUsage(): () => Usage {
  const wall = performance.now();
  const main = process.threadCpuUsage();
  const all = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  return () => {
    const mainSince = process.threadCpuUsage(main);
    const allSince = process.cpuUsage(all);
    return {
      wallUs: (performance.now() - wall) * 1_000,
      mainUs: mainSince.user + mainSince.system,
      allUs: allSince.user + allSince.system,
      waitedUs: performance.eventLoopUtilization(loop).idle * 1_000,
    };
  };
}
