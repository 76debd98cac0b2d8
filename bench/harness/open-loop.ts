import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoadJob, LoadResult } from './load.ts';
import { spawnOnCore } from './pinned-process.ts';
import { toRawHttp } from './raw-http.ts';
import { scratchFile } from './scratch.ts';

const SOURCE = fileURLToPath(new URL('open-loop.c', import.meta.url));
const FLAGS = ['-O2', '-Wall', '-Wextra'];

/** A load at a fixed rate. The requests must all expect status 200. */
export interface OpenLoopJob extends LoadJob {
  /** Requests per second. */
  readonly rate: number;
}

/** Also counts the requests that were not sent in time, by more than 1 ms. */
export interface OpenLoopResult extends LoadResult {
  readonly maxMs: number;
  /** Late because of the load generator. */
  readonly lateSends: number;
  /** Late because all connections were waiting for answers. */
  readonly waitingSends: number;
}

/** The first requests, which do not count: they open connections and get the server going. */
export const LEAD_IN_SECONDS = 0.5;

let program: string | undefined;

/**
 * Compiles the open-loop load generator, once.
 * @returns its path
 * @throws Error if there is no C compiler, or with its output
 */
export function compileOpenLoop(): string {
  if (program) return program;
  const output = scratchFile('open-loop');
  const { error, status, stderr } = spawnSync('cc', [...FLAGS, '-o', output, SOURCE, '-lm'], {
    encoding: 'utf8',
  });
  if (error)
    throw new Error('A fixed rate needs a C compiler (Debian: apt-get install gcc libc6-dev).');
  if (status !== 0) throw new Error(`cc failed:\n${stderr}`);
  program = output;
  return program;
}

/**
 * Starts the load generator, which opens its connections and sends the lead-in.
 * @returns a function that measures, and ends when all requests are answered or given up
 */
export async function prepareOpenLoop(job: OpenLoopJob): Promise<() => Promise<OpenLoopResult>> {
  const { origin, requests, rate, seconds, connections, core } = job;
  const file = scratchFile('open-loop-requests');
  const records = requests.map((request) => {
    const [bytes, marker] = [toRawHttp(origin, request), request.expectedText ?? ''];
    return `${Buffer.byteLength(bytes)} ${Buffer.byteLength(marker)}\n${bytes}${marker}`;
  });
  writeFileSync(file, records.join(''));
  const args = [new URL(origin).port, file, rate, LEAD_IN_SECONDS, seconds, connections].map(
    String,
  );
  const child = spawnOnCore(core, compileOpenLoop(), args, {}, ['pipe', 'pipe', 'inherit']);
  const exited = once(child, 'close').then((): never => {
    throw new Error('the load generator failed');
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const nextLine = async () => {
    const [line] = (await Promise.race([once(lines, 'line'), exited])) as [string];
    return line;
  };
  await nextLine();
  return async () => {
    child.stdin?.write('\n');
    return JSON.parse(await nextLine()) as OpenLoopResult;
  };
}
