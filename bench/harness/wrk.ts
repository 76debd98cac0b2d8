import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expectedStatusOf, type LoadJob, type LoadResult } from './load.ts';
import { runOnCore } from './pinned-process.ts';
import { PLACEHOLDER, randomTag } from './placeholder.ts';
import { toRawHttp } from './raw-http.ts';
import { scratchFile } from './scratch.ts';

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));
const TIMEOUT = '10s';

/** Runs a load job with wrk, as fast as the server answers. */
export async function runWrk(job: LoadJob): Promise<LoadResult> {
  const { origin, seconds, connections, core } = job;
  const file = scratchFile('requests');
  writeFileSync(file, job.requests.map((request) => toRawHttp(origin, request)).join('\0'));

  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', TIMEOUT, '-s', SCRIPT];
  const env = {
    REQUESTS_FILE: file,
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
