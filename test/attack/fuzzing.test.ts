/*
 * Property: no request causes a server error. Every response has a status below 500; every error has
 * the format of all errors.
 *
 * A case is one HTTP request from a generator that is chosen at random (fuzzer.ts): committed
 * operations with damaged texts, variables or headers, any JSON, unusual methods and paths, random
 * bytes. A request depends on SEED plus its number only. The full mode also limits the growth of memory.
 *
 * `npm test` sends 400 requests to each BFF, `npm run test:attack` 100,000. A failure prints the seed
 * and the number of its request: `SEED=<number> npm run test:attack` replays the run.
 */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { BffDefinition } from '../../src/bff.ts';
import { BFFS } from './bffs.ts';
import { createRequestGenerators } from './fuzzer.ts';
import { type HttpRequest, type HttpResponse, send } from './http-client.ts';
import { SKIP_IN_SHORT_MODE, shortOrFull } from './mode.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { createRandom, SEED } from './random.ts';
import { assertErrorFormat } from './responses.ts';
import { startTarget } from './target.ts';

const COUNT = shortOrFull(400, 100_000);
const CONCURRENCY = 16;
/** Maximum growth of memory in the second half, when all caches are full. */
const MAX_GROWTH = 0.05;

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF`, () => {
    it(`responds to ${COUNT} randomly malformed requests without a server error`, async (t) => {
      t.diagnostic(`SEED=${SEED}`);
      await using target = await startTarget(bff, { BATCH_MAX_OPERATIONS: '10' });
      const generators = createRequestGenerators(bff);
      const seen = new Map<number, number>();
      let next = 0;

      async function run(until: number): Promise<void> {
        const sendRepeatedly = async () => {
          // Each request depends on its number only, so that it can be replayed.
          while (next < until) {
            const number = next++;
            const random = createRandom(SEED + number);
            const { path, ...sent } = random.pick(generators)(random);
            const status = await sendAndAssert({ ...sent, url: target.url + path }, number);
            seen.set(status, (seen.get(status) ?? 0) + 1);
          }
        };
        await Promise.all(Array.from({ length: CONCURRENCY }, sendRepeatedly));
      }

      await run(COUNT / 2);
      const before = await target.metrics();
      await run(COUNT);
      const after = await target.metrics();

      assert.ok(target.isAlive());
      const counts = [...seen].sort(([a], [b]) => a - b);
      t.diagnostic(counts.map(([status, count]) => `${status}: ${count}`).join(', '));
      assertNoGrowth(t, before, after);
    });
  });
}

function assertNoGrowth(
  t: TestContext,
  before: ProcessMetrics | undefined,
  after: ProcessMetrics | undefined,
) {
  if (!before || !after) return;
  const growth = after.rss / before.rss - 1;
  const megabytes = [before.rss, after.rss, before.heap, after.heap].map((bytes) =>
    Math.round(bytes / 1e6),
  );
  t.diagnostic(
    `memory ${megabytes.slice(0, 2).join(' → ')} MB, heap ${megabytes.slice(2).join(' → ')} MB`,
  );
  assert.ok(growth < MAX_GROWTH, `${before.rss} → ${after.rss} bytes`);
}

it('The fuzzer generates the same requests for the same seed', { skip: SKIP_IN_SHORT_MODE }, () => {
  const generated = [0, 1].map(() => {
    const random = createRandom(SEED);
    return Array.from({ length: 1_000 }, () =>
      random.pick(createRequestGenerators(BFFS[0] as BffDefinition))(random),
    );
  });
  assert.deepEqual(generated[0], generated[1]);
});

/** Sends a request and asserts that its response is valid. */
async function sendAndAssert(sent: HttpRequest, number: number): Promise<number> {
  const what = `SEED=${SEED} #${number}: ${JSON.stringify(sent).slice(0, 1_000)}`;
  const received = await send(sent).catch((error: Error) => {
    throw new Error(`${what}: ${error.message}`, { cause: error });
  });
  const { status } = received;
  assert.ok(status < 500, `${what}: ${status} ${received.text.slice(0, 500)}`);
  if (sent.method !== 'HEAD') assertValidResponse(received, what);
  return status;
}

function assertValidResponse(received: HttpResponse, what: string): void {
  const { status, text, headers } = received;
  if (status >= 400) assertErrorFormat(received, what);
  const isJson = /json/.test(headers['content-type'] ?? '');
  if (!isJson) assert.ok(status < 400, `${what}: ${status} ${text.slice(0, 500)}`);
  else if (/"errors":/.test(text)) assertErrorFormat(received, what);
}
