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

/** Cost units per minute. */
const BUDGET = shortOrFull(200, 1_000);
const AT_ONCE = 16;
/**
 * Each goes on by itself while Redis takes longer than it may, which on a machine with other things to
 * do it now and then does; without any sharing two would give twice as much.
 */
const OVERSHOOT = shortOrFull(1.4, 1.05);
const ONE = { query: '{ profile(id: "42") { name } }' };

// What counts is the same in each.
for (const bff of shortOrFull(BFFS.slice(0, 1), BFFS)) {
  describe(`${bff.name}: two replicas that share a Redis`, { skip: skipWithoutRedis }, () => {
    it('give one viewer no more than one of them would', async (t) => {
      await using redis = await startRedis();
      const env = { RATE_LIMIT_VIEWER: String(BUDGET), REDIS_URL: redis.url.href };
      await using first = await startEnvironment(bff, env);
      await using second = await startEnvironment(bff, env);
      await areConnected(redis.url, 2);
      const one = await boughtAlone(first, '100');
      const both = await boughtTogether([first, second], '101', 3 * one);
      t.diagnostic(`${one} by one replica, ${both} by two at once`);
      assert.ok(one > 0 && one <= BUDGET, `${one} for ${BUDGET}`);
      assert.ok(both <= one * OVERSHOOT, `${both}, instead of ${one}`);
      assert.ok(both >= one / OVERSHOOT, `${both}, instead of ${one}`);
    });

    it('give one address no more than one of them would', async (t) => {
      await using redis = await startRedis();
      const env = { RATE_LIMIT_ADDRESS: String(BUDGET), REDIS_URL: redis.url.href };
      await using first = await startEnvironment(bff, env);
      await using second = await startEnvironment(bff, env);
      await areConnected(redis.url, 2);
      const both = await boughtTogether([first, second], 'anonymous', 3 * BUDGET);
      t.diagnostic(`${both} by two at once`);
      assert.ok(both > 0 && both <= BUDGET * OVERSHOOT, `${both} for ${BUDGET}`);
    });

    it('still limit, and answer, when their Redis is gone', async () => {
      await using redis = await startRedis();
      const env = { RATE_LIMIT_VIEWER: String(BUDGET), REDIS_URL: redis.url.href };
      await using first = await startEnvironment(bff, env);
      await using second = await startEnvironment(bff, env);
      await areConnected(redis.url, 2);
      assert.equal((await ask(first, '100')).status, 200);
      await redis.kill();
      const both = await boughtTogether([first, second], '100', 4 * BUDGET);
      // Each by itself then, so that the most is the share of both.
      assert.ok(both > 0 && both <= 2 * BUDGET * OVERSHOOT, `${both} for ${BUDGET} each`);
    });
  });
}

/** Until then each counts for itself. */
async function areConnected({ hostname, port }: URL, count: number): Promise<void> {
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let heard = '';
  socket.on('data', (chunk) => {
    heard = String(chunk);
  });
  // Our own connection is one of them.
  await until(() => {
    socket.write('INFO clients\r\n');
    return Number(/connected_clients:(\d+)/.exec(heard)?.[1]) > count;
  });
  socket.destroy();
}

async function ask({ endpoint }: Environment, as: string): Promise<HttpResponse> {
  return send(jsonPost(endpoint, ONE, await authorization(as)));
}

async function boughtAlone(environment: Environment, as: string): Promise<number> {
  for (let n = 0; n <= 2 * BUDGET; n++) if ((await ask(environment, as)).status === 429) return n;
  return Number.POSITIVE_INFINITY;
}

/** How many of so many requests are answered, if both are asked at once. */
async function boughtTogether(environments: readonly Environment[], as: string, count: number) {
  let asked = 0;
  let answered = 0;
  const headers = await authorization(as);
  const one = async () => {
    while (asked < count) {
      const environment = environments[asked++ % environments.length] as Environment;
      const { status, text } = await send(jsonPost(environment.endpoint, ONE, headers));
      assert.ok(status === 200 || status === 429, `${status} ${text}`);
      if (status === 200) answered++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return answered;
}
