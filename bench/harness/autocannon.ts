import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './cores.ts';
import type { LoadJob, LoadResult } from './load.ts';
import { scratchFile } from './scratch.ts';

const WORKER = fileURLToPath(new URL('autocannon-process.ts', import.meta.url));

/** As runWrk, with autocannon in a process of its own; its latencies are whole milliseconds. */
export async function runAutocannon(job: LoadJob): Promise<LoadResult> {
  const file = scratchFile('job.json');
  writeFileSync(file, JSON.stringify(job));
  return JSON.parse(await run(job.core, process.execPath, [WORKER, file])) as LoadResult;
}
