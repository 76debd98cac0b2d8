import { parseArgs } from 'node:util';
import { isRunByNpm } from '../src/config/parsers.ts';
import { closeOnTermination } from '../src/server/termination.ts';
import { type Mock, startMock } from './mock/start-mock.ts';

// npm run mock: every BFF with invented data, without services and identity provider, in one process.

const CLOSE_TIMEOUT_MS = 10_000;

let mock: Mock | undefined;

closeOnTermination({
  isRunByNpm: isRunByNpm(process.env),
  closeTimeoutMs: CLOSE_TIMEOUT_MS,
  logger: console,
  logCrash: console.error,
  close: async () => mock?.close(),
});

try {
  const seed = readSeed();
  refuseProduction();
  mock = await startMock(process.env, seed);
  for (const [name, url] of mock.urls) console.log(`${name.padEnd(12)} | ${url}`);
  for (const name of mock.unmocked) {
    console.log(`${'warning'.padEnd(12)} | datasource ${name} has no mock: see docs/mock.md`);
  }
  const [url] = mock.urls.values();
  const seconds = (performance.now() / 1_000).toFixed(1);
  console.log(`ready in ${seconds} s, with seed ${seed}. Next: open ${url} in a browser`);
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}

function readSeed(): number {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
  const seed = Number(values.seed);
  if (values.seed !== '' && Number.isSafeInteger(seed)) return seed;
  throw new Error(`--seed must be a whole number, not "${values.seed}"`);
}

function refuseProduction(): void {
  if (process.env.NODE_ENV !== 'production') return;
  throw new Error(
    'NODE_ENV is production: the mock invents its data, so it runs in development only',
  );
}
