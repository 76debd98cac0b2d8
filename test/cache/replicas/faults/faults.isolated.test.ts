/*
 * Redis in trouble while two replicas of the web BFF are under load. Required: no client gets an error;
 * no answer is older than a purge that the same replica has answered, or, after a purge by the other
 * one, than 10 seconds and the time in which the loss is detected; and Redis is used again when it is
 * back.
 *
 * The replicas are processes, redis-faults.ts has what happens to their Redis, and load.ts sends reads
 * and mutations at a steady rate. It counts the names that it gives to users, so that the number in each
 * answer tells how old it is (model/history.ts).
 *
 * `npm test` runs each fault but that of Sentinel for less than a second. `npm run test:redis-faults` runs it for
 * REDIS_FAULT_SECONDS=20 at 150 requests per second, after some load without a fault, prints the
 * latencies of both, and requires that Redis is used again within 5 seconds. How much slower the
 * requests were is for people to judge: it depends on the machine.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { skipWithoutRedis } from '../../../support/redis.ts';
import { SERVICE_NAMES, startServices } from '../../../support/services.ts';
import { History } from '../model/history.ts';
import { startReplicaProcesses } from '../processes.ts';
import { type LoadResult, startLoad, untilShared } from './load.ts';
import { type RedisFault, TOPOLOGIES } from './redis-faults.ts';

const { REDIS_FAULT_SECONDS } = process.env;
const IS_FULL = REDIS_FAULT_SECONDS !== undefined;
const FAULT_MS = Number(REDIS_FAULT_SECONDS ?? 0.6) * 1_000;
const CLEAN_MS = 12_000;
/** Before a fault, and after the return of Redis. */
const MARGIN_MS = IS_FULL ? 2_000 : 200;
const REQUESTS_PER_SECOND = IS_FULL ? 150 : 40;
/** Most of the time of an execution, as in production. */
const SERVICE_DELAY_MS = 20;
const MAX_SHOWN = 5;
const MAX_UNTIL_SHARED_MS = 5_000;
/** As in the model: the requirement, and time for slow machines. */
const STALENESS = { ms: 2_500, disturbedMs: 15_000 };

async function startEnvironment(startRedis: (typeof TOPOLOGIES)[string]) {
  await using started = new AsyncDisposableStack();
  const redis = started.use(await startRedis());
  const { services, env } = started.use(await startServices(SERVICE_NAMES));
  for (const { control } of Object.values(services))
    control.faults({ '*': { delayMs: SERVICE_DELAY_MS } });
  const variables = { ...env, REDIS_URL: redis.url, CACHE_MEMORY_MB: '16' };
  const { endpoints } = started.use(await startReplicaProcesses([variables, variables]));
  await untilShared(endpoints);
  const history = new History(STALENESS);
  const resources = started.move();

  return {
    redis,
    endpoints,
    startLoad: () => startLoad({ endpoints, requestsPerSecond: REQUESTS_PER_SECOND, history }),

    /** Lets a fault happen. @returns the time after which Redis was in use again, in milliseconds */
    async suffer({ delaysPurges, begin, end, longMs = FAULT_MS }: RedisFault): Promise<number> {
      const disturb = () => delaysPurges && history.disturb();
      disturb();
      const timer = setInterval(disturb, 100);
      try {
        await begin();
        if (end) await sleep(IS_FULL ? longMs : FAULT_MS);
        await end?.();
        const usedAgainMs = await untilShared(endpoints);
        // What is over at once has its consequences later.
        if (!end) await sleep(FAULT_MS);
        return usedAgainMs;
      } finally {
        clearInterval(timer);
        disturb();
      }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const quantile = ({ latencies }: LoadResult, share: number): string =>
  `${latencies[Math.ceil(latencies.length * share) - 1]?.toFixed(1)} ms`;

const figuresOf = (result: LoadResult): string =>
  `p50 ${quantile(result, 0.5)}, p99 ${quantile(result, 0.99)}`;

function assertCorrect({ errors, stale, executed, writes }: LoadResult): void {
  assert.deepEqual(errors.slice(0, MAX_SHOWN), []);
  assert.deepEqual(stale.slice(0, MAX_SHOWN), []);
  assert.ok(executed > 0 && writes > 0);
}

describe('Two replicas under load', { skip: skipWithoutRedis, concurrency: !IS_FULL }, () => {
  const topologies = Object.entries(TOPOLOGIES);
  for (const [topology, start] of IS_FULL ? topologies : topologies.slice(0, 2)) {
    it(`respond correctly while there is trouble with ${topology}`, async (t) => {
      await using environment = await startEnvironment(start);
      let hits = 0;
      for (const [name, fault] of Object.entries(environment.redis.faults)) {
        await t.test(name, async (t) => {
          let clean: LoadResult | undefined;
          if (IS_FULL) {
            const load = environment.startLoad();
            await sleep(CLEAN_MS);
            clean = await load.stop();
            assertCorrect(clean);
          }
          const load = environment.startLoad();
          await sleep(MARGIN_MS);
          const usedAgainMs = await environment.suffer(fault);
          await sleep(MARGIN_MS);
          const result = await load.stop();
          const { latencies, errors, stale } = result;
          hits += result.hits;
          t.diagnostic(
            `${name}: ${clean ? `clean ${figuresOf(clean)}; ` : ''}faulted ${figuresOf(result)}; ` +
              `${latencies.length} requests, ${errors.length} errors, ${stale.length} stale; ` +
              `used again after ${(usedAgainMs / 1_000).toFixed(1)} s`,
          );
          assertCorrect(result);
          if (IS_FULL) assert.ok(usedAgainMs <= MAX_UNTIL_SHARED_MS);
        });
      }
      // A short run during a single fault may have none.
      assert.ok(hits > 0);
    });
  }
});
