import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../tools/free-port.ts';
import { authorization } from '../support/environment.ts';
import { skipWithout } from '../support/program.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { SERVICE_NAMES, startServices } from '../support/services.ts';
import { buildBundles } from './build-stage.ts';
import { startHaproxy } from './haproxy.ts';
import { type LoadResult, startLoad } from './load.ts';
import { startCommand } from './start-command.ts';

/** `npm run test:replicas` restarts each replica more often, under a load without pauses. */
const IS_FULL = process.env.REPLICAS === 'full';
const RESTARTS = IS_FULL ? 10 : 1;
/** In the short form, the first one has just been replaced by the other test. */
const RESTARTED = IS_FULL ? [0, 1] : [1];
/** Of a client between two requests: at any time some of the twenty have one in flight. */
const PAUSE_MS = IS_FULL ? 0 : 50;
/** In the long form as in production; in both longer than HAProxy takes to notice. */
const DRAIN_DELAY_MS = IS_FULL ? 3_000 : 2_000;
/** The drain delay, and the time that requests in flight get (run.ts). */
const EXIT_LIMIT_MS = DRAIN_DELAY_MS + 10_000;
/** So that requests are in flight whenever a replica ends. */
const SERVICE_DELAY_MS = 20;
const LOAD_MS = IS_FULL ? 1_500 : 500;

/** The calls that place an order, which the service got, by idempotency key. */
const placements = new Map<string, number>();
subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage };
  const key = String(request.headers['idempotency-key']);
  placements.set(key, (placements.get(key) ?? 0) + 1);
});

/** Starts two replicas of the web BFF behind HAProxy, with a Redis and services. */
async function startReplicas() {
  await using started = new AsyncDisposableStack();
  const redis = started.use(await startRedis());
  const { services, env } = started.use(await startServices(SERVICE_NAMES));
  services.notification.control.faults({ announcements: { delayMs: SERVICE_DELAY_MS } });
  services.order.control.faults({ placeOrder: { delayMs: SERVICE_DELAY_MS } });
  const cwd = await buildBundles();
  const ports = [await freePort(), await freePort()] as const;
  const start = async (port: number) =>
    startCommand([process.execPath, 'web.mjs'], {
      cwd,
      url: `http://127.0.0.1:${port}`,
      env: {
        ...env,
        NODE_ENV: 'test',
        LOG_LEVEL: 'fatal',
        WEB_PORT: String(port),
        WEB_ADMIN_PORT: '0',
        REDIS_URL: redis.url.href,
        // So that Redis is used, and nothing is refused.
        RATE_LIMIT_ADDRESS: '100000000',
        RATE_LIMIT_VIEWER: '100000000',
        TRUSTED_PROXIES: '127.0.0.1',
        DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
        // So that every read is executed.
        CACHE_MEMORY_MB: '0',
      },
    });
  const replicas = await Promise.all(ports.map(start));
  started.defer(async () => {
    await Promise.all(replicas.map(({ kill }) => kill()));
  });
  const haproxy = started.use(await startHaproxy(ports));
  for (const index of ports.keys()) await haproxy.untilStatus(index, 'UP');
  const { authorization: token = '' } = await authorization('42');

  /** Starts a replica in the place of one that has ended. */
  async function replace(index: number): Promise<void> {
    await haproxy.untilStatus(index, 'DOWN');
    replicas[index] = await start(ports[index] ?? 0);
    await haproxy.untilStatus(index, 'UP');
  }

  const resources = started.move();
  return {
    startLoad: () => startLoad(haproxy.url, token, PAUSE_MS),
    countRedisKeys: () => countKeys(redis.url),
    kill: async (index: number) => replicas[index]?.kill(),
    replace,

    /** Ends a replica with SIGTERM, and replaces it when it has exited. */
    async restart(index: number) {
      const exit = await replicas[index]?.terminate();
      await replace(index);
      return exit;
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The keys in Redis: rate limits of the replicas. */
async function countKeys({ hostname, port }: URL): Promise<number> {
  const socket = connect(Number(port), hostname);
  socket.write('DBSIZE\r\n');
  const [reply] = await once(socket, 'data');
  socket.destroy();
  return Number(/^:(\d+)/.exec(String(reply))?.[1]);
}

function assertNoOrderTwice({ attempts, orders, lostWrites }: LoadResult): void {
  assert.deepEqual(lostWrites, []);
  assert.equal(orders.size, attempts.size);
  assert.equal(new Set(orders.values()).size, orders.size);
  // Neither a replica nor HAProxy sends a mutation again: only clients do.
  for (const [key, count] of attempts) {
    assert.ok((placements.get(key) ?? 0) <= count, `${placements.get(key)} calls for ${count}`);
  }
}

const figuresOf = ({ reads, failedReads, attempts, failedWrites }: LoadResult): string =>
  `${reads} reads, ${failedReads.length} failed; ` +
  `${attempts.size} orders, ${failedWrites.length} failed once`;

describe('Two replicas behind HAProxy', {
  skip: skipWithout('haproxy') || skipWithoutRedis,
}, () => {
  let replicas: Awaited<ReturnType<typeof startReplicas>>;
  before(async () => {
    replicas = await startReplicas();
  });
  after(() => replicas[Symbol.asyncDispose]());

  it('fail no read when one is killed, and place no order twice', async (t) => {
    await using load = replicas.startLoad();
    await sleep(LOAD_MS);
    await replicas.kill(0);
    await sleep(LOAD_MS);
    const result = await load.stop();
    t.diagnostic(figuresOf(result));
    assert.ok((await replicas.countRedisKeys()) > 0);
    assert.deepEqual(result.failedReads, []);
    // At most the requests that were in flight: each of the four writers has one.
    assert.ok(result.failedWrites.length <= 4, result.failedWrites.join('\n'));
    assertNoOrderTwice(result);
    await replicas.replace(0);
  });

  it(`drop no request when ${IS_FULL ? `each is restarted, ${RESTARTS} times` : 'one is restarted'}`, async (t) => {
    await using load = replicas.startLoad();
    const durations: number[] = [];
    for (let restart = 0; restart < RESTARTS; restart++) {
      for (const index of RESTARTED) {
        const exit = await replicas.restart(index);
        assert.equal(exit?.code, 0);
        durations.push(Math.round(exit?.durationMs ?? Infinity));
      }
    }
    const result = await load.stop();
    t.diagnostic(`${figuresOf(result)}; exits after ${durations.join(', ')} ms`);
    assert.deepEqual(result.failedReads, []);
    assert.deepEqual(result.failedWrites, []);
    assertNoOrderTwice(result);
    assert.ok(Math.max(...durations) <= EXIT_LIMIT_MS);
  });
});
