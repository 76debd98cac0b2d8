import { spawnSync } from 'node:child_process';
import { runAutocannon } from './autocannon.ts';
import type { LoadGenerator } from './load.ts';
import { runWrk } from './wrk.ts';

/** Chooses wrk if it is installed, because it leaves more of its core to the upstream. */
export function findLoadGenerator(): LoadGenerator {
  const { stdout, error } = spawnSync('wrk', ['-v'], { encoding: 'utf8' });
  if (error) return { name: 'autocannon 9.0.0 (wrk is not installed)', run: runAutocannon };
  const version = /^wrk (?:debian\/)?(\S+)/.exec(stdout)?.[1] ?? '';
  return { name: `wrk ${version}`, run: runWrk };
}
