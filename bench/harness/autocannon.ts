import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LoadJob, LoadResult } from './load.ts';
import { runOnCore } from './pinned-process.ts';
import { scratchFile } from './scratch.ts';

const WORKER = fileURLToPath(new URL('autocannon-worker.ts', import.meta.url));

/** Runs a load job with autocannon in its own process. Latencies are whole milliseconds. */
export async function runAutocannon(job: LoadJob): Promise<LoadResult> {
  const file = scratchFile('job.json');
  writeFileSync(file, JSON.stringify(job));
  return JSON.parse(await runOnCore(job.core, process.execPath, [WORKER, file])) as LoadResult;
}
