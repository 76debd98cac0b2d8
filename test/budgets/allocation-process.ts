import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../tools/tree.ts';
import { until } from '../support/until.ts';
import type { Told } from './allocation-counter.ts';

const COUNTER = fileURLToPath(new URL('./allocation-counter.ts', import.meta.url));

/**
 * With these the same requests allocate the same. Compiled code would allocate less, but which code is
 * compiled, and when, is a matter of time. What is young has room for all that is counted, so that
 * nothing is collected meanwhile.
 */
const STEADY = [
  '--expose-gc',
  '--max-opt=0',
  '--single-threaded',
  '--no-flush-bytecode',
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
];

/** The most that can be said: a limiter counts, and refuses nothing. */
const MOST_UNITS = '999999999';

/** The requests of a round: as many as it takes until what is done now and then was done as well. */
const REQUESTS = 16;
const ROUNDS = 7;
/** The requests for a profile, which is of samples. */
const SAMPLED = 64;
/** After so many nothing is met for the first time. */
const WARM_UP = 48;

/** Sends one request, and sees that it is answered as it should be. */
export type Send = () => Promise<void>;

/** The mobile BFF, its log and its limiter on, as a process that counts what it allocates. */
export async function startCounted(env: NodeJS.ProcessEnv) {
  await using started = new AsyncDisposableStack();
  const child = spawn(process.execPath, [...STEADY, '--import', COUNTER, 'bff-mobile/main.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      MOBILE_PORT: '0',
      MOBILE_ADMIN_PORT: '0',
      LOG_LEVEL: 'info',
      RATE_LIMIT_ADDRESS: MOST_UNITS,
      RATE_LIMIT_VIEWER: MOST_UNITS,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  started.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const ended = exited.then(([code, signal]) => {
    throw new Error(`the process has ended: ${signal ?? code}`);
  });
  ended.catch(() => {});
  let [output, endpoint] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    // The log is read, so that it is never waited for, and forgotten.
    if (endpoint) return;
    output += chunk;
    endpoint = /^mobile listening on (\S+)\n/m.exec(output)?.[1] ?? '';
  });
  await until(() => endpoint !== '' || child.exitCode !== null || child.signalCode !== null);
  if (!endpoint) await ended;

  async function ask<What extends keyof Told>(what: What): Promise<Told[What]> {
    const answer = once(child, 'message');
    child.send(what);
    const [{ told }] = await Promise.race([ended, answer]);
    return told;
  }

  async function bytesOf(act: () => Promise<void>): Promise<number> {
    const before = await ask('bytes');
    await act();
    return (await ask('bytes')) - before;
  }

  const rest = started.move();
  return {
    endpoint,

    /** How many bytes one request allocates on the heap: the median of some rounds. */
    async bytesPer(send: Send): Promise<number> {
      await repeat(WARM_UP, send);
      await ask('collect');
      const rounds: { readonly own: number; readonly all: number }[] = [];
      while (rounds.length < ROUNDS) {
        const own = await bytesOf(async () => {});
        rounds.push({ own, all: await bytesOf(() => repeat(REQUESTS, send)) });
      }
      // Of what is counted, some is for counting.
      const own = median(rounds.map(({ own }) => own));
      return Math.round((median(rounds.map(({ all }) => all)) - own) / REQUESTS);
    },

    /** Does something while each request makes an array for nothing, of so many elements. */
    async wasting<T>(act: () => Promise<T>) {
      const elements = await ask('waste');
      const done = await act();
      await ask('waste');
      return { elements, done };
    },

    /** Which functions allocate how much, for so many requests. */
    async profileOf(send: Send) {
      await repeat(WARM_UP, send);
      await ask('watch');
      await repeat(SAMPLED, send);
      return { requests: SAMPLED, profile: await ask('profile') };
    },

    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

export type Counted = Awaited<ReturnType<typeof startCounted>>;

async function repeat(times: number, send: Send): Promise<void> {
  for (let n = 0; n < times; n++) await send();
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
