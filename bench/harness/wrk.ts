import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expectedStatusOf, type LoadJob, type LoadRequest, type LoadResult } from './load.ts';
import { runOnCore } from './pinned-process.ts';
import { PLACEHOLDER, randomTag } from './placeholder.ts';
import { scratchFile } from './scratch.ts';

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));
const TIMEOUT = '10s';
/** At a fixed rate, the mean time between two requests of one connection; most of it is a pause. */
const CYCLE_MS = 100;
const MIN_CONNECTIONS = 8;
const MAX_CONNECTIONS = 512;
/** Expected latency where the slowest upstream takes 20 ms. */
const DEFAULT_LATENCY_MS = 22;

/**
 * Runs a load job with wrk. wrk has no option for a rate, so a fixed rate is reached by enough
 * connections with long random pauses. As long as answers are much shorter than the pauses, their
 * latency hardly changes the rate.
 */
export async function runWrk(job: LoadJob): Promise<LoadResult> {
  const { origin, seconds, rate, latencyMs = DEFAULT_LATENCY_MS, core } = job;
  const connections = rate
    ? Math.min(MAX_CONNECTIONS, Math.max(MIN_CONNECTIONS, Math.ceil((rate * CYCLE_MS) / 1_000)))
    : job.connections;
  const pauseMs = rate ? Math.max(1, (connections / rate) * 1_000 - latencyMs) : 0;
  const file = scratchFile('requests');
  writeFileSync(file, job.requests.map((request) => toRawHttp(origin, request)).join('\0'));

  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', TIMEOUT, '-s', SCRIPT];
  const env = {
    REQUESTS_FILE: file,
    MEAN_PAUSE_MS: String(pauseMs),
    EXPECTED_STATUS: String(expectedStatusOf(job.requests)),
    PLACEHOLDER,
    TAG: randomTag(),
  };
  const output = await runOnCore(core, 'wrk', [...flags, origin], env);
  const result = /^RESULT (.+)$/m.exec(output)?.[1];
  const badAnswer = /^BAD .+/m.exec(output)?.[0];
  if (badAnswer) process.stderr.write(`${badAnswer}\n`);
  if (!result) throw new Error(`wrk printed no result:\n${output}`);
  return JSON.parse(result) as LoadResult;
}

function toRawHttp(origin: string, { method, path, headers, body = '' }: LoadRequest): string {
  const allHeaders = { host: new URL(origin).host, ...headers };
  const length = method === 'POST' ? [`content-length: ${Buffer.byteLength(body)}`] : [];
  const lines = Object.entries(allHeaders).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, ...length, '', body].join('\r\n');
}
