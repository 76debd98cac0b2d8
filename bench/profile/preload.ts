import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { performance } from 'node:perf_hooks';
import type { Usage } from './recording.ts';

// Preloaded into the server under test. Starts and stops the profiler on commands from the bench, over
// a Unix socket of its own: a profile of the whole process would include its start and warm-up.

const SAMPLING_INTERVAL_US = 500;
const { PROFILED_PROGRAM, PROFILE_SOCKET } = process.env;

const session = new Session();
let readUsage = startUsage();

const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  '/plain/start': async () => {
    readUsage = startUsage();
  },
  '/plain/stop': async () => ({ usage: readUsage() }),
  '/profiled/start': async () => {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
    await session.post('Profiler.start');
    readUsage = startUsage();
  },
  '/profiled/stop': async () => {
    const usage = readUsage();
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return { usage, profile };
  },
};

if (PROFILE_SOCKET && process.argv[1] === PROFILED_PROGRAM) {
  const server = createServer(async ({ url = '' }, response) => {
    response.end(JSON.stringify((await commands[url]?.()) ?? {}));
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
      mainThreadUs: mainSince.user + mainSince.system,
      allThreadsUs: allSince.user + allSince.system,
      idleUs: performance.eventLoopUtilization(loop).idle * 1_000,
    };
  };
}
