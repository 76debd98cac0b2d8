import { Redis } from 'ioredis';
import type { Cores } from '../harness/cores.ts';
import { findLoadGenerator } from '../harness/load-generator.ts';
import { measure, NO_DELAYS } from '../harness/measure.ts';
import { LEAD_IN_SECONDS } from '../harness/open-loop.ts';
import { startRedis } from '../harness/redis.ts';
import { startPeer } from '../harness/start-peer.ts';
import { startUpstream } from '../harness/upstream.ts';
import { peerEnvironment } from '../peers/index.ts';
import { ANNOUNCEMENTS_QUERY } from '../workloads/announcements.ts';
import { postQuery } from '../workloads/graphql-requests.ts';

const SECONDS = 3;
const CONNECTIONS = 64;
/** Requests per second; the last is more than a process can answer. */
const RATES = [500, 1_000, 2_000, 4_000, 8_000, undefined];

/**
 * The scripts for rate limits that one process sends to Redis per request: it combines those of 5 ms,
 * so a busier process sends fewer.
 */
export async function measureBatching(cores: Cores) {
  const upstream = await startUpstream(cores.upstream);
  const bench = { cores, generator: findLoadGenerator(), upstream };
  const env = peerEnvironment(upstream.urls, 'mobile');
  const server = await startPeer(cores, 'frontdesk-all-on-redis', 'mobile', env);
  const redis = new Redis(await startRedis(cores.load));
  const scripts = async () =>
    Number(/cmdstat_eval:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
  const requests = [postQuery(ANNOUNCEMENTS_QUERY)()];

  const results = [];
  for (const rate of [undefined, ...RATES]) {
    const before = await scripts();
    const load = { requests, connections: CONNECTIONS, seconds: SECONDS, delays: NO_DELAYS, rate };
    const result = await measure(bench, server, load);
    if (result.errors > 0) throw new Error('The BFF did not answer as expected.');
    const seconds = rate ? LEAD_IN_SECONDS + SECONDS : SECONDS;
    const perRequest = ((await scripts()) - before) / (result.rate * seconds);
    results.push({
      requestsPerSecond: Math.round(result.rate),
      scriptsPerRequest: Math.round(perRequest * 100) / 100,
      cpuMicroseconds: Math.round(result.cpuMicros),
    });
  }
  redis.disconnect();
  await server.stop();
  return results.slice(1); // The first one was the warm-up.
}
