import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { mobile } from '../../../bff-mobile/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { CAST as DEMO_CAST } from '../../../services/support/cast.ts';
import { DEMO_PURGE_SECRET } from '../../../services/support/demo-purge-secret.ts';
import { startEdge } from '../../support/edge.ts';
import { startEnvironment } from '../../support/environment.ts';
import { library } from '../../support/fixture/bff.ts';
import { CAST } from '../../support/fixture/cast.ts';
import { purge } from '../../support/purge.ts';
import { skipWithoutRedis, startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { changeAt } from '../invalidation-helpers.ts';

const MEMBER = `{ member(id: "${CAST.reader}") { name } }`;
const rename = (name: string) => `mutation { renameMember(name: "${name}") { member { name } } }`;

describe('Two replicas of a BFF that share a Redis', { skip: skipWithoutRedis }, () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let replicas: Awaited<ReturnType<typeof startPair>>;
  before(async () => {
    redis = await startRedis();
    replicas = await startPair(redis.url);
  });
  afterEach(async () => {
    await redis.restart();
    replicas.one.reset();
  });
  after(async () => {
    await replicas[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  it('serve each other’s stored responses', async () => {
    const { one, other } = replicas;
    await until(async () => {
      one.reset();
      await one.send(MEMBER);
      const { headers } = await other.send(MEMBER);
      return /; hit/.test(headers.get('cache-status') ?? '') && one.calls().length <= 1;
    });
  });

  it('serve nothing older than a mutation through the other one', async () => {
    const { one, other } = replicas;
    for (const name of ['Ada', 'Grace', 'Hedy']) {
      await other.send(MEMBER);
      const { status } = await one.send(rename(name), { as: CAST.reader });
      assert.equal(status, 200);
      assert.equal((await one.send(MEMBER)).body.data.member.name, name);
      await until(async () => (await other.send(MEMBER)).body.data.member.name === name);
    }
  });

  it('both apply an event that a service sends to one of them', async () => {
    const { one, other } = replicas;
    await Promise.all([one.send(MEMBER), other.send(MEMBER)]);
    const path = `/members/${CAST.reader}`;
    await changeAt(one, { service: 'member', path, method: 'PATCH', body: { name: 'Changed' } });
    await purge(one, `Member:${CAST.reader}`);
    assert.equal((await one.send(MEMBER)).body.data.member.name, 'Changed');
    await until(async () => (await other.send(MEMBER)).body.data.member.name === 'Changed');
  });

  it('serve no response that was copied to the key of another viewer', async () => {
    const { one, other } = replicas;
    const query = '{ viewer { id } }';
    const idOf = async (replica: typeof one, as: string) =>
      (await replica.send(query, { as })).body.data.viewer.id;
    const client = new Redis(redis.url.href);
    const keys = () => client.keys('frontdesk:response:*');
    await until(async () => {
      await idOf(one, CAST.reader);
      return (await keys()).length === 1;
    });
    const [first = ''] = await keys();
    await idOf(one, CAST.otherReader);
    await until(async () => (await keys()).length === 2);
    const [second = ''] = (await keys()).filter((key) => key !== first);
    await client.copy(first, second, 'REPLACE');
    client.disconnect();
    assert.equal(await idOf(other, CAST.otherReader), CAST.otherReader);
  });

  it('respond as usual with garbage in Redis, and without Redis', async () => {
    const { one, other } = replicas;
    await one.send(MEMBER);
    const client = new Redis(redis.url.href);
    for (const key of await client.keys('frontdesk:response:*')) await client.set(key, 'garbage');
    client.disconnect();
    for (const replica of [one, other]) {
      const { status, body } = await replica.send(MEMBER);
      assert.deepEqual([status, body.errors], [200, undefined]);
    }
    await redis.kill();
    for (const replica of [one, other]) {
      const { status, body } = await replica.send(MEMBER);
      assert.deepEqual([status, body.errors], [200, undefined]);
      const renamed = await replica.send(rename('Offline'), { as: CAST.reader });
      assert.equal(renamed.body.data.renameMember.member.name, 'Offline');
      assert.equal((await replica.send(MEMBER)).body.data.member.name, 'Offline');
    }
  });
});

async function startPair(url: URL) {
  await using started = new AsyncDisposableStack();
  const env = { CACHE_MEMORY_MB: '8', REDIS_URL: url.href, PURGE_SECRET: DEMO_PURGE_SECRET };
  const one = started.use(await startEnvironment(library, env));
  const other = started.use(await startEnvironment(library, { ...env, ...one.addresses }));
  const resources = started.move();
  return { one, other, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

describe('Two BFFs that share a Redis', { skip: skipWithoutRedis }, () => {
  it('apply each other’s mutations', async () => {
    await using redis = await startRedis();
    const env = { CACHE_MEMORY_MB: '8', REDIS_URL: redis.url.href };
    await using onPhone = await startEnvironment(mobile, env);
    await using onWeb = await startEnvironment(web, { ...env, ...onPhone.addresses });
    const as = DEMO_CAST.customer;
    const nameOnPhone = async () => {
      const { body } = await onPhone.send(`{ profile(id: "${as}") { name } }`);
      return body.data.profile.name;
    };
    await nameOnPhone();
    const name = 'Renamed On The Web';
    const mutation = `mutation { updateProfile(input: { name: "${name}" }) { userErrors { message } } }`;
    const { body } = await onWeb.send(mutation, { as });
    assert.equal(body.errors, undefined);
    await until(async () => (await nameOnPhone()) === name);
  });

  it('purge the edges of each other, also when Redis was away', async () => {
    await using redis = await startRedis();
    await using edge = await startEdge();
    const env = { CACHE_MEMORY_MB: '8', REDIS_URL: redis.url.href };
    const withEdge = { ...env, EDGE_PURGE_URL: edge.url.href };
    await using onPhone = await startEnvironment(mobile, withEdge);
    await using onWeb = await startEnvironment(web, { ...env, ...onPhone.addresses });
    const as = DEMO_CAST.customer;
    const countPurges = () => edge.accepted().filter((tag) => tag === `User:${as}`).length;
    const rename = (name: string) =>
      onWeb.send(
        `mutation { updateProfile(input: { name: "${name}" }) { userErrors { message } } }`,
        {
          as,
        },
      );
    await rename('Once');
    // Each purge is repeated once.
    await until(() => countPurges() === 2);
    await redis.kill();
    await rename('Twice');
    const query = `query=${encodeURIComponent(`{ profile(id: "${as}") { name } }`)}`;
    const headers = { 'apollo-require-preflight': 'true' };
    // What edges fetch meanwhile may be old already.
    await until(async () => {
      const response = await fetch(`${onPhone.endpoint}?${query}`, { headers });
      return /max-age=10\b/.test(response.headers.get('cdn-cache-control') ?? '');
    });
    await redis.restart();
    await until(() => countPurges() > 2);
  });
});
