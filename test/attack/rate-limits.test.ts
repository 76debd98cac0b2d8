import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { BFFS } from './bffs.ts';
import { type HttpRequest, type HttpResponse, jsonPost, send } from './http-client.ts';
import { shortOrFull } from './mode.ts';
import { createRandom, SEED } from './random.ts';
import { assertErrorFormat, codesOf } from './responses.ts';
import { samplesOf } from './schema-samples.ts';
import { hashOnly, urlOf, withHash } from './transports.ts';

/** Cost units per minute. */
const LIMIT = shortOrFull(40, 240);
const MAX_REQUESTS = 3 * LIMIT;
/** Tolerance for requests of several fields, which cost a little less than as many requests. */
const BATCH_TOLERANCE = 1.3;
const CONCURRENT_TOLERANCE = 1.05;

const random = createRandom(SEED);
const randomAddress = (): string =>
  Array.from({ length: 4 }, () => 1 + random.below(250)).join('.');

/** Headers that claim another client address. */
const SPOOFED_HEADERS: readonly (() => Record<string, string>)[] = [
  () => ({ 'x-forwarded-for': randomAddress() }),
  () => ({ 'x-forwarded-for': `${randomAddress()}, ${randomAddress()}, 127.0.0.1` }),
  () => ({ 'x-forwarded-for': `127.0.0.1, ${randomAddress()}` }),
  () => ({ forwarded: `for=${randomAddress()};proto=https` }),
  () => ({
    'x-real-ip': randomAddress(),
    'x-client-ip': randomAddress(),
    'true-client-ip': randomAddress(),
  }),
  () => ({ 'cf-connecting-ip': randomAddress(), 'fastly-client-ip': randomAddress() }),
  () => ({ via: `1.1 ${randomAddress()}`, 'x-cluster-client-ip': randomAddress() }),
  () => ({
    'x-request-id': randomAddress(),
    'user-agent': randomAddress(),
    cookie: `id=${randomAddress()}`,
  }),
];
const INVALID_FORWARDED_FOR = [
  '',
  ',',
  'unknown',
  '999.1.1.1',
  '<script>',
  'x'.repeat(1_000),
  '203.0.113.7:80',
];

/** Sends requests until the first with status 429, and counts those before it. */
async function countAllowed(request: (n: number) => HttpRequest | Promise<HttpRequest>) {
  for (let n = 0; n < MAX_REQUESTS; n++) {
    const response = await send(await request(n));
    if (response.status === 429) return n;
    assert.equal(response.status, 200, response.text);
  }
  return MAX_REQUESTS;
}

// The limits are the same for all BFFs.
for (const bff of shortOrFull(BFFS.slice(0, 1), BFFS)) {
  const { lookup } = samplesOf(bff);
  const one = { query: `{ ${lookup.select()} }` };
  const ten = {
    query: `{ ${Array.from({ length: 10 }, (_, n) => `a${n}: ${lookup.select(`"${n + 1}"`)}`).join(' ')} }`,
  };

  describe(`The rate limit of a viewer of the ${bff.name} BFF`, () => {
    let environment: Environment;
    let nextUser = 100;
    let allowed: number;
    before(async () => {
      environment = await startEnvironment(bff, {
        RATE_LIMIT_VIEWER: String(LIMIT),
        BATCH_MAX_OPERATIONS: '10',
      });
      allowed = await countAllowed(await requestAsNewUser(one));
    });
    after(() => environment[Symbol.asyncDispose]());

    /** Returns a function that makes a request of a user who has sent none before. */
    async function requestAsNewUser(body: unknown) {
      const headers = await authorization(String(nextUser++));
      return () => jsonPost(environment.endpoint, body, headers);
    }

    it('ends with 429, Retry-After and no calls of the services', async () => {
      assert.ok(allowed > 0 && allowed <= LIMIT, `${allowed} for ${LIMIT}`);
      const request = await requestAsNewUser(one);
      assert.equal(await countAllowed(request), allowed, 'all users have the same limit');
      environment.reset();
      assertRateLimited(await send(request()));
      assert.deepEqual(environment.calls(), []);
    });

    it('charges each alias', async () => {
      const requests = await countAllowed(await requestAsNewUser(ten));
      const max = allowed * BATCH_TOLERANCE;
      assert.ok(requests * 10 <= max, `${requests} × 10 fields, instead of ${allowed}`);
    });

    it('charges each operation of an array', async () => {
      const requests = await countAllowed(
        await requestAsNewUser(Array.from({ length: 10 }, () => one)),
      );
      const max = allowed * BATCH_TOLERANCE;
      assert.ok(requests * 10 <= max, `${requests} × 10 operations, instead of ${allowed}`);
    });

    it('is shared by all transports', async () => {
      const headers = await authorization(String(nextUser++));
      const transports = [
        () => jsonPost(environment.endpoint, one, headers),
        () => ({ url: urlOf(environment.endpoint, one), headers }),
        () => jsonPost(environment.endpoint, [one], headers),
        () => jsonPost(environment.endpoint, withHash(one), headers),
        () => jsonPost(environment.endpoint, hashOnly(one), headers),
        () => jsonPost(environment.endpoint, { query: `${one.query} #` }, headers),
      ];
      const count = await countAllowed((n) =>
        (transports[n % transports.length] as () => HttpRequest)(),
      );
      assert.ok(count <= allowed, `${count}, instead of ${allowed}`);
    });

    it('does not restart with a new token or spoofed headers', async () => {
      const id = String(nextUser++);
      const count = await countAllowed(async (n) => {
        const spoofed = SPOOFED_HEADERS[n % SPOOFED_HEADERS.length]?.();
        return jsonPost(environment.endpoint, one, { ...(await authorization(id)), ...spoofed });
      });
      assert.ok(count <= allowed, `${count}, instead of ${allowed}`);
    });

    it('holds for concurrent requests', async () => {
      const request = await requestAsNewUser(one);
      const responses = await Promise.all(
        Array.from({ length: MAX_REQUESTS }, () => send(request())),
      );
      const count = responses.filter(({ status }) => status === 200).length;
      assert.ok(count <= allowed * CONCURRENT_TOLERANCE, `${count}, instead of ${allowed}`);
      for (const response of responses) if (response.status !== 200) assertRateLimited(response);
    });

    it('affects no other viewer, and no health check', async () => {
      await countAllowed(await requestAsNewUser(one));
      const request = await requestAsNewUser(one);
      assert.equal((await send(request())).status, 200);
      assert.equal((await send({ url: `${environment.url}/healthz` })).status, 200);
      assert.equal((await send({ url: `${environment.url}/readyz` })).status, 200);
    });
  });

  describe(`The rate limit of an address at the ${bff.name} BFF`, () => {
    const env = { RATE_LIMIT_ADDRESS: String(LIMIT) };

    it('ignores forwarding headers of clients', async () => {
      await using environment = await startEnvironment(bff, env);
      const count = await countAllowed(() => jsonPost(environment.endpoint, one));
      assert.ok(count > 0 && count <= LIMIT, `${count} for ${LIMIT}`);
      assertRateLimited(await send(jsonPost(environment.endpoint, one)));
      for (const spoofed of SPOOFED_HEADERS) {
        const response = await send(jsonPost(environment.endpoint, one, spoofed()));
        assert.equal(response.status, 429, JSON.stringify(spoofed()));
      }
    });

    it('charges requests of many viewers', async () => {
      await using environment = await startEnvironment(bff, env);
      const count = await countAllowed(async (n) =>
        jsonPost(environment.endpoint, one, await authorization(String(100 + n))),
      );
      assert.ok(count <= LIMIT, String(count));
    });

    it('charges requests with invalid tokens', async () => {
      await using environment = await startEnvironment(bff, env);
      const statuses = new Set<number>();
      for (let n = 0; n < MAX_REQUESTS && !statuses.has(429); n++) {
        const token = `e30.${hash('sha256', String(n), 'base64url')}.AAAA`;
        const headers = { authorization: `Bearer ${token}` };
        statuses.add((await send(jsonPost(environment.endpoint, one, headers))).status);
      }
      assert.deepEqual([...statuses], [401, 429]);
    });

    it('uses X-Forwarded-For of trusted proxies, and nothing left of the last other address', async () => {
      await using environment = await startEnvironment(bff, {
        ...env,
        TRUSTED_PROXIES: '127.0.0.1',
      });
      const requestFrom = (chain: string) =>
        jsonPost(environment.endpoint, one, { 'x-forwarded-for': chain });
      const count = await countAllowed(() => requestFrom('203.0.113.7'));
      assert.ok(count <= LIMIT);
      assert.equal((await send(requestFrom('203.0.113.8'))).status, 200, 'another address');
      for (const chain of [
        `${randomAddress()}, 203.0.113.7`,
        `203.0.113.8, 203.0.113.7`,
        `::1,203.0.113.7`,
      ]) {
        assert.equal((await send(requestFrom(chain))).status, 429, chain);
      }
      for (const chain of INVALID_FORWARDED_FOR) {
        const { status, text } = await send(requestFrom(chain));
        assert.ok(status < 500, `${chain}: ${text}`);
      }
    });
  });
}

function assertRateLimited(response: HttpResponse): void {
  const { status, headers, text } = response;
  assert.equal(status, 429, text);
  assertErrorFormat(response, 'rate limit');
  assert.deepEqual(codesOf(response), ['RATE_LIMITED']);
  const seconds = Number(headers['retry-after']);
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, String(seconds));
  assert.ok(headers.ratelimit, 'RateLimit');
  assert.ok(headers['ratelimit-policy'], 'RateLimit-Policy');
}
