import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { BFFS } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { shortOrFull } from './mode.ts';
import { samplesOf } from './schema-samples.ts';

/** Cost units per minute. */
const LIMIT = shortOrFull(200, 1_000);
const CONCURRENCY = 16;
/**
 * A replica counts alone whenever Redis takes longer than its timeout, which happens on a busy machine.
 * Without any sharing, two replicas would allow 2.
 */
const TOLERANCE = shortOrFull(1.4, 1.05);

// The limits are the same for all BFFs.
for (const bff of shortOrFull(BFFS.slice(0, 1), BFFS)) {
  const one = { query: `{ ${samplesOf(bff).lookup.select()} }` };

  describe(`Two replicas of the ${bff.name} BFF that share a Redis`, {
    skip: skipWithoutRedis,
  }, () => {
    it('allow a viewer no more requests than one of them', async (t) => {
      await using redis = await startRedis();
      const env = { RATE_LIMIT_VIEWER: String(LIMIT), REDIS_URL: redis.url.href };
      await using first = await startEnvironment(bff, env);
      await using second = await startEnvironment(bff, env);
      await untilConnected(redis.url, 2);
      const alone = await countAllowedAlone(first, '100');
      const together = await countAllowedTogether([first, second], '101', 3 * alone);
      t.diagnostic(`${alone} by one replica, ${together} by two concurrently`);
      assert.ok(alone > 0 && alone <= LIMIT, `${alone} for ${LIMIT}`);
      assert.ok(together <= alone * TOLERANCE, `${together}, instead of ${alone}`);
      assert.ok(together >= alone / TOLERANCE, `${together}, instead of ${alone}`);
    });

    it('allow an address no more requests than one of them', async (t) => {
      await using redis = await startRedis();
      const env = { RATE_LIMIT_ADDRESS: String(LIMIT), REDIS_URL: redis.url.href };
      await using first = await startEnvironment(bff, env);
      await using second = await startEnvironment(bff, env);
      await untilConnected(redis.url, 2);
      const together = await countAllowedTogether([first, second], 'anonymous', 3 * LIMIT);
      t.diagnostic(`${together} by two concurrently`);
      assert.ok(together > 0 && together <= LIMIT * TOLERANCE, `${together} for ${LIMIT}`);
    });

    it('respond, and limit each by itself, after Redis has failed', async () => {
      await using redis = await startRedis();
      const env = { RATE_LIMIT_VIEWER: String(LIMIT), REDIS_URL: redis.url.href };
      await using first = await startEnvironment(bff, env);
      await using second = await startEnvironment(bff, env);
      await untilConnected(redis.url, 2);
      assert.equal((await sendOne(first, '100')).status, 200);
      await redis.kill();
      const together = await countAllowedTogether([first, second], '100', 4 * LIMIT);
      const max = 2 * LIMIT * TOLERANCE;
      assert.ok(together > 0 && together <= max, `${together} for ${LIMIT} each`);
    });
  });

  async function sendOne({ endpoint }: Environment, as: string): Promise<HttpResponse> {
    return send(jsonPost(endpoint, one, await authorization(as)));
  }

  async function countAllowedAlone(environment: Environment, as: string): Promise<number> {
    for (let n = 0; n <= 2 * LIMIT; n++) {
      if ((await sendOne(environment, as)).status === 429) return n;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Sends `count` requests to the environments in turn, and counts the responses with status 200. */
  async function countAllowedTogether(
    environments: readonly Environment[],
    as: string,
    count: number,
  ) {
    let sent = 0;
    let allowed = 0;
    const headers = await authorization(as);
    const sendRepeatedly = async () => {
      while (sent < count) {
        const environment = environments[sent++ % environments.length] as Environment;
        const { status, text } = await send(jsonPost(environment.endpoint, one, headers));
        assert.ok(status === 200 || status === 429, `${status} ${text}`);
        if (status === 200) allowed++;
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, sendRepeatedly));
    return allowed;
  }
}

/** Waits until so many clients are connected to Redis; until then, each counts for itself. */
async function untilConnected({ hostname, port }: URL, count: number): Promise<void> {
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let info = '';
  socket.on('data', (chunk) => {
    info = String(chunk);
  });
  // This connection is one of them.
  await until(() => {
    socket.write('INFO clients\r\n');
    return Number(/connected_clients:(\d+)/.exec(info)?.[1]) > count;
  });
  socket.destroy();
}
