/*
 * Property: no viewer gets the data of another one, and what the caches answer is what an execution
 * would. Two replicas of the web BFF share a Redis, with all caches and batchers on, in front of services
 * that are slow and fail at random. Many users, staff and anonymous viewers send the same operations to
 * random replicas, also with the ids of others. Every user has canaries (viewers.ts): none may be in an
 * answer for somebody else.
 *
 * Then the services recover, and both replicas must answer every viewer as a third one does that has
 * neither a cache nor a Redis; purges may take a moment to arrive.
 *
 * `npm test` sends some thousand requests, `npm run test:isolation` ISOLATION_REQUESTS=300000 in three
 * minutes. Choices follow a seed; `SEED=<number>` repeats them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom, SEED } from '../../../attack/random.ts';
import { authorization } from '../../../support/environment.ts';
import { createClient } from '../../../support/http-client.ts';
import { skipWithoutRedis, startRedis } from '../../../support/redis.ts';
import { SERVICE_NAMES, startServices } from '../../../support/services.ts';
import { until } from '../../../support/until.ts';
import { startReplicaProcesses } from '../processes.ts';
import { assertFindsForeign, createViewers, QUERY_NAMES, type ViewerRequest } from './viewers.ts';

const { ISOLATION_REQUESTS } = process.env;
const REQUESTS = Number(ISOLATION_REQUESTS ?? 1_500);
const CUSTOMERS = ISOLATION_REQUESTS ? 300 : 12;
const CONCURRENCY = 32;
const FAULTS = { '*': { jitterMs: 10, errorRate: 0.02, status: 503 } };
const MAX_SHOWN = 5;

async function startEnvironment() {
  await using started = new AsyncDisposableStack();
  const redis = started.use(await startRedis());
  const { services, env } = started.use(await startServices(SERVICE_NAMES));
  const shared = { ...env, CACHE_MEMORY_MB: '8', REDIS_URL: redis.url.href };
  const uncached = { ...env, CACHE_MEMORY_MB: '0' };
  const { endpoints } = started.use(await startReplicaProcesses([shared, shared, uncached]));
  const [one = '', other = '', reference = ''] = endpoints;
  const client = createClient(CONCURRENCY);
  started.defer(client.close);

  async function send(
    endpoint: string,
    { viewer, query, variables }: ViewerRequest,
    { isGet = false, headers = {} } = {},
  ) {
    const sent = { ...(await authorization(viewer)), ...headers };
    if (!isGet) {
      const body = JSON.stringify({ query, variables });
      const type = { 'content-type': 'application/json' };
      return client.send({ method: 'POST', url: endpoint, headers: { ...sent, ...type }, body });
    }
    const search = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    return client.send({ url: `${endpoint}?${search}`, headers: sent });
  }

  const resources = started.move();
  return {
    services,
    send,
    replicas: [one, other],
    reference,
    setFaults(faults: typeof FAULTS | Record<string, never>) {
      for (const { control } of Object.values(services)) control.faults(faults);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const withoutRequestIds = (text: string) => text.replaceAll(/"requestId":"[^"]*"/g, '');

describe('Two replicas that share a Redis', { skip: skipWithoutRedis }, () => {
  it('send no viewer the data of another one, and respond as without caches', async (t) => {
    await using environment = await startEnvironment();
    const { services, send, replicas, reference, setFaults } = environment;
    const all = await createViewers(services, CUSTOMERS);
    assertFindsForeign(all);
    const random = createRandom(SEED);
    const foreign: string[] = [];
    const counts = { sent: 0, hits: 0, collapsed: 0, withErrors: 0, compared: 0 };

    async function sendChecked(
      endpoint: string,
      request: ViewerRequest,
      options?: Parameters<typeof send>[2],
    ) {
      const answer = await send(endpoint, request, options);
      const found = all.findForeign(request, answer.text);
      if (found && foreign.length < MAX_SHOWN)
        foreign.push(`${JSON.stringify(request)} got ${found}`);
      const status = String(answer.headers['cache-status']);
      if (status.includes('; hit')) counts.hits++;
      if (status.includes('; collapsed')) counts.collapsed++;
      if (answer.text.includes('"errors":')) counts.withErrors++;
      return answer;
    }

    async function work(): Promise<void> {
      while (counts.sent < REQUESTS) {
        counts.sent++;
        const request = all.next(random);
        const isGet = !request.query.startsWith('mutation') && random.chance(0.5);
        const headers = random.chance(0.05) ? { 'cache-control': 'no-cache' } : {};
        await sendChecked(random.pick(replicas), request, { isGet, headers });
      }
    }

    setFaults(FAULTS);
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    setFaults({});
    assert.deepEqual(foreign, []);

    const requests = all.viewers.flatMap((viewer) =>
      QUERY_NAMES.map((name) => all.readBy(viewer, name, random)),
    );
    async function compare(request: ViewerRequest): Promise<void> {
      for (const endpoint of replicas) {
        let texts: string[] = [];
        await until(async () => {
          const answers = [await sendChecked(endpoint, request), await send(reference, request)];
          texts = answers.map(({ status, text }) => `${status} ${withoutRequestIds(text)}`);
          return texts[0] === texts[1];
        }).catch(() => assert.equal(texts[0], texts[1], JSON.stringify(request)));
        counts.compared++;
      }
    }
    const remaining = requests.values();
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        for (const request of remaining) await compare(request);
      }),
    );

    t.diagnostic(`SEED=${SEED}: ${JSON.stringify(counts)}`);
    assert.deepEqual(foreign, []);
    assert.ok(counts.hits > 0 && counts.collapsed > 0);
  });
});
