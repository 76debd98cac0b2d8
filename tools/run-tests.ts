import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { bundleProgram, LIBRARY_MAIN } from './build/program-bundle.ts';
import { ROOT } from './tree.ts';

// npm test: each file is a process; an `all.ts` has the tests of its folder. Those that take longest
// start first, so that all cores are busy until the end.

/** The longest first. */
const LONGEST = [
  'server/all.ts',
  'deploy/all.ts',
  'server/cluster.isolated.test.ts',
  'cache/all.ts',
  'upstream/all.ts',
  'attack/all.ts',
  'telemetry/all.ts',
  'bff/all.ts',
  'soak/soak.isolated.test.ts',
  'tools/new.isolated.test.ts',
  'tools/demo.isolated.test.ts',
  'examples/examples.isolated.test.ts',
  'all.ts',
];
/** For two cores: most tests wait for something from time to time. */
const CONCURRENCY = 4;
/** Of one test. The longest takes a tenth of it. */
const TEST_TIMEOUT_MS = 120_000;
/** Of all, within the limit of CI: a file whose process does not end is named and killed. */
const RUN_TIMEOUT_MS = 720_000;
const PATTERNS = ['all.ts', '*/all.ts', '**/*.isolated.test.ts'];

const folder = new URL('test/', ROOT);
const found = globSync(PATTERNS, { cwd: fileURLToPath(folder) }).sort();
const paths = [...LONGEST, ...found.filter((path) => !LONGEST.includes(path))];
const files = paths.map((path) => fileURLToPath(new URL(path, folder)));

// Otherwise several processes would, at the same time.
await bundleProgram(LIBRARY_MAIN);

run({
  files,
  concurrency: CONCURRENCY,
  timeout: TEST_TIMEOUT_MS,
  signal: AbortSignal.timeout(RUN_TIMEOUT_MS),
})
  .on('test:fail', () => {
    process.exitCode = 1;
  })
  .compose(spec)
  .pipe(process.stdout);
