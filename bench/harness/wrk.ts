import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './cores.ts';
import { type LoadJob, type LoadRequest, type LoadResult, statusOf } from './load.ts';
import { nextTag, PLACEHOLDER } from './placeholder.ts';
import { scratchFile } from './scratch.ts';

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));
const TIMEOUT = '10s';
/** How long a connection's whole turn is when a rate is kept; most of it is pause. */
const TURN_MS = 100;
const MOST_CONNECTIONS = 512;
/** A guess where the slowest upstream takes 20 ms. */
const ANSWER_MS = 22;

/**
 * wrk knows no rate. Kept to one, it gets so many connections with so long random pauses that they
 * come to it: as long as answers are much shorter than pauses, they hardly change the rate.
 */
export async function runWrk(job: LoadJob): Promise<LoadResult> {
  const { origin, seconds, rate, answerMs = ANSWER_MS, core } = job;
  const connections = rate
    ? Math.min(MOST_CONNECTIONS, Math.max(8, Math.ceil((rate * TURN_MS) / 1_000)))
    : job.connections;
  const thinkMs = rate ? Math.max(1, (connections / rate) * 1_000 - answerMs) : 0;
  const file = scratchFile('requests');
  writeFileSync(file, job.requests.map((request) => toRaw(origin, request)).join('\0'));

  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', TIMEOUT, '-s', SCRIPT];
  const status = String(statusOf(job.requests));
  const env = {
    REQUESTS: file,
    THINK_MS: String(thinkMs),
    STATUS: status,
    PLACEHOLDER,
    TAG: nextTag(),
  };
  const output = await run(core, 'wrk', [...flags, origin], env);
  const result = /^RESULT (.+)$/m.exec(output)?.[1];
  const bad = /^BAD .+/m.exec(output)?.[0];
  if (bad) process.stderr.write(`${bad}\n`);
  if (!result) throw new Error(`wrk said:\n${output}`);
  return JSON.parse(result) as LoadResult;
}

function toRaw(origin: string, { method, path, headers, body = '' }: LoadRequest): string {
  const all = { host: new URL(origin).host, ...headers };
  const length = method === 'POST' ? [`content-length: ${Buffer.byteLength(body)}`] : [];
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, ...length, '', body].join('\r\n');
}
