import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

// npm run check: runs all steps, even after a failure. No step writes a file.

const ROOT = new URL('..', import.meta.url);
const STEPS = {
  'format and lint (biome)': 'biome check --error-on-warnings .',
  'types (tsc)': 'tsc',
  'lint with types (oxlint)': 'oxlint --type-aware --deny-warnings',
  'unused code (knip)': 'knip --no-progress',
  'generated files': 'node tools/codegen.ts --check',
  'schemas and operations': 'node tools/schema.ts --check',
  'documents of services': 'node tools/service-contracts.ts',
  'released clients': 'node tools/clients.ts check',
  'bundles and licences': 'node tools/build.ts --check',
  'docs/production.md': 'node --test --test-reporter=dot test/deploy/production-page.test.ts',
};

/** Needs packages that the server's installation does not have. */
const EXAMPLES = { 'example pages': 'npm run -s check --prefix examples' };
const hasExamples = existsSync(new URL('examples/node_modules', ROOT)) || process.env.CI === 'true';
if (!hasExamples) console.log('skipped example pages: npm ci --prefix examples');

const BIN = fileURLToPath(new URL('node_modules/.bin', ROOT));
const env = { ...process.env, PATH: [BIN, process.env.PATH].join(delimiter) };

const steps = Object.entries({ ...STEPS, ...(hasExamples && EXAMPLES) });
const results = await Promise.all(steps.map(([name, line]) => run(name, line)));
if (results.includes(false)) process.exitCode = 1;

async function run(name: string, commandLine: string): Promise<boolean> {
  const start = performance.now();
  const step = spawn(`${commandLine} 2>&1`, {
    shell: true,
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const code = Promise.withResolvers<number | null>();
  step.once('close', code.resolve);
  const output = await text(step.stdout);
  const ok = (await code.promise) === 0;
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}, ${seconds} s`);
  if (!ok) console.log(`       $ npx ${commandLine}\n${output.trimEnd()}\n`);
  return ok;
}
