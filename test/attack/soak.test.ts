import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { authorization } from '../support/environment.ts';
import { BFFS, USER_ID } from './bffs.ts';
import { expensiveDocumentsFor } from './expensive-documents.ts';
import { createRequestGenerators } from './fuzzer.ts';
import { type HttpRequest, jsonPost, send } from './http-client.ts';
import { SKIP_IN_SHORT_MODE } from './mode.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { createRandom, SEED } from './random.ts';
import { samplesOf } from './schema-samples.ts';
import { startTargetProcess } from './target-process.ts';

const ROUNDS = 5;
const LOAD_MS = Number(process.env.LOAD_MS || 30_000);
const IDLE_MS = LOAD_MS / 3;
const CONCURRENCY = 16;
/** Growth from one round to the next that does not count. */
const TOLERANCE = 0.01;
const METRICS = ['rss', 'heap', 'handles', 'connections'] as const;

for (const bff of BFFS) {
  it(`The ${bff.name} BFF grows in no metric with every round of load`, {
    skip: SKIP_IN_SHORT_MODE,
  }, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    await using target = await startTargetProcess(bff, { BATCH_MAX_OPERATIONS: '10' });
    const headers = await authorization(USER_ID);
    const generators = createRequestGenerators(bff);
    const { lookup } = samplesOf(bff);
    const attacks = expensiveDocumentsFor(bff);
    let number = 0;

    /** Valid requests, requests with new texts, expensive documents and malformed requests, in turn. */
    function next(): HttpRequest {
      const random = createRandom(SEED + number++);
      const kind = number % 4;
      if (kind === 0)
        return jsonPost(target.endpoint, { query: `{ ${lookup.select()} }` }, headers);
      if (kind === 1) {
        return jsonPost(target.endpoint, { query: `{ ${lookup.select(`"${number}"`)} }` });
      }
      if (kind === 2) {
        const { document, smallSize, variables } = random.pick(attacks);
        return jsonPost(target.endpoint, { query: document(smallSize), variables }, headers);
      }
      const { path, ...sent } = random.pick(generators)(random);
      return { ...sent, url: target.url + path };
    }

    async function load(): Promise<void> {
      const end = performance.now() + LOAD_MS;
      const sendRepeatedly = async () => {
        while (performance.now() < end) assert.ok((await send(next())).status < 500);
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, sendRepeatedly));
    }

    const rounds: ProcessMetrics[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await load();
      await sleep(IDLE_MS);
      rounds.push(await target.metrics());
    }
    for (const what of METRICS) {
      const values = rounds.map((metrics) => metrics[what]);
      t.diagnostic(`${what}: ${values.join(', ')}, after ${number} requests`);
      const grows = values.slice(1).every((value, n) => value > (values[n] ?? 0) * (1 + TOLERANCE));
      assert.ok(!grows, `${what} grows in every round: ${values.join(', ')}`);
    }
  });
}
