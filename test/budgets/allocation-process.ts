import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../tools/tree.ts';
import { until } from '../support/until.ts';
import type { Results } from './allocation-counter.ts';

const COUNTER = fileURLToPath(new URL('./allocation-counter.ts', import.meta.url));

/**
 * Flags with which equal requests allocate equal amounts. Optimized code allocates less, but when V8
 * optimizes depends on timing. The young generation has room for everything that is counted, so that
 * nothing is collected meanwhile.
 */
const DETERMINISTIC = [
  '--expose-gc',
  '--max-opt=0',
  '--single-threaded',
  '--no-flush-bytecode',
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
];

/** The highest limit of the configuration: the limiter counts, but rejects nothing. */
const MAX_RATE_LIMIT = '999999999';

/** Requests per round: enough that periodic work is spread evenly. */
const REQUESTS = 16;
const ROUNDS = 7;
/**
 * Requests before a minor collection. The difference of two counts leaves out what survives once, such as
 * the last request of a connection. The young generation has room for the larger one.
 */
const SURVIVOR_REQUESTS = { few: 16, many: 144 };
const SURVIVOR_ROUNDS = 5;
/** Requests per profile, which consists of samples. */
const PROFILED_REQUESTS = 64;
/** Requests after which all lazy initialization is done. */
const WARM_UP_REQUESTS = 48;

/** Sends one request, and asserts that the response is the expected one. */
export type Send = () => Promise<void>;

/** Starts the mobile BFF, with its log and its rate limiter, as a process that counts its allocations. */
export async function startCountedProcess(env: NodeJS.ProcessEnv) {
  await using started = new AsyncDisposableStack();
  const args = [...DETERMINISTIC, '--import', COUNTER, 'bff-mobile/main.ts'];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      MOBILE_PORT: '0',
      MOBILE_ADMIN_PORT: '0',
      // In development, the phases of every request are measured.
      NODE_ENV: 'test',
      LOG_LEVEL: 'info',
      RATE_LIMIT_ADDRESS: MAX_RATE_LIMIT,
      RATE_LIMIT_VIEWER: MAX_RATE_LIMIT,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  started.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const failed = exited.then(([code, signal]) => {
    throw new Error(`the process has ended: ${signal ?? code}`);
  });
  failed.catch(() => {});
  let [output, endpoint] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    // The log is read to the end, so that the process never waits for a full pipe.
    if (endpoint) return;
    output += chunk;
    endpoint = /^mobile listening on (\S+)\n/m.exec(output)?.[1] ?? '';
  });
  await until(() => endpoint !== '' || child.exitCode !== null || child.signalCode !== null);
  if (!endpoint) await failed;

  async function run<Name extends keyof Results>(name: Name): Promise<Results[Name]> {
    const message = once(child, 'message');
    child.send(name);
    const [{ result }] = await Promise.race([failed, message]);
    return result;
  }

  async function bytesAllocatedBy(work: () => Promise<void>): Promise<number> {
    const before = await run('usedBytes');
    await work();
    return (await run('usedBytes')) - before;
  }

  /** The bytes that survive after some requests, and what survives once. */
  async function bytesSurviving(requests: number, send: Send): Promise<number> {
    await run('collectGarbage');
    const before = await run('usedBytes');
    await repeat(requests, send);
    await run('collectYoung');
    return (await run('usedBytes')) - before;
  }

  const resources = started.move();
  return {
    endpoint,

    /** Counts the bytes that one request allocates: the least of several rounds, since noise only adds. */
    async bytesPerRequest(send: Send): Promise<number> {
      await repeat(WARM_UP_REQUESTS, send);
      await run('collectGarbage');
      const rounds: { readonly idle: number; readonly busy: number }[] = [];
      while (rounds.length < ROUNDS) {
        // Counting allocates as well.
        const idle = await bytesAllocatedBy(async () => {});
        const busy = await bytesAllocatedBy(() => repeat(REQUESTS, send));
        rounds.push({ idle, busy });
      }
      const idle = Math.min(...rounds.map(({ idle }) => idle));
      const busy = Math.min(...rounds.map(({ busy }) => busy));
      return Math.round((busy - idle) / REQUESTS);
    },

    /**
     * Counts the bytes per request that survive a minor collection although the request is over: the
     * least of several rounds.
     */
    async survivorsPerRequest(send: Send): Promise<number> {
      await repeat(WARM_UP_REQUESTS, send);
      const { few, many } = SURVIVOR_REQUESTS;
      const rounds: { readonly few: number; readonly many: number }[] = [];
      while (rounds.length < SURVIVOR_ROUNDS) {
        rounds.push({
          few: await bytesSurviving(few, send),
          many: await bytesSurviving(many, send),
        });
      }
      const least = (name: keyof typeof SURVIVOR_REQUESTS) =>
        Math.min(...rounds.map((round) => round[name]));
      return Math.round((least('many') - least('few')) / (many - few));
    },

    /**
     * Runs the work while each request allocates an extra array.
     * @param isKept - true if nothing frees the arrays before the end of the work
     */
    async withExtraArray<T>(isKept: boolean, work: () => Promise<T>) {
      if (isKept) await run('toggleKeptArrays');
      const elements = await run('toggleExtraArray');
      const result = await work();
      await run('toggleExtraArray');
      if (isKept) await run('toggleKeptArrays');
      return { elements, result };
    },

    /**
     * Samples the functions that allocate.
     * @param onlySurvivors - true to leave out what a minor collection frees
     */
    async profile(send: Send, onlySurvivors: boolean) {
      await repeat(WARM_UP_REQUESTS, send);
      await run('collectGarbage');
      await run(onlySurvivors ? 'startSurvivorProfile' : 'startProfile');
      await repeat(PROFILED_REQUESTS, send);
      await run('collectYoung');
      return { requests: PROFILED_REQUESTS, profile: await run('stopProfile') };
    },

    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export type CountedProcess = Awaited<ReturnType<typeof startCountedProcess>>;

async function repeat(times: number, send: Send): Promise<void> {
  for (let n = 0; n < times; n++) await send();
}
