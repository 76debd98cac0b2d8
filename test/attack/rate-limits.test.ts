import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { authorization, type Environment, startEnvironment } from '../support/environment.ts';
import { BFFS } from './bffs.ts';
import { type HttpRequest, type HttpResponse, jsonPost, send } from './http-client.ts';
import { shortOrFull } from './mode.ts';
import { createRandom, SEED } from './random.ts';
import { assertErrorFormat, codesOf } from './responses.ts';
import { urlOf, withHash } from './transports.ts';

/** Cost units per minute. */
const BUDGET = shortOrFull(40, 240);
/** More than can be bought. */
const MOST = 3 * BUDGET;
const ONE = { query: '{ profile(id: "42") { name } }' };
const TEN = {
  query: `{ ${Array.from({ length: 10 }, (_, n) => `a${n}: profile(id: "${n + 1}") { name }`).join(' ')} }`,
};
/** What is bought with several at once may be this much more than one by one. */
const SLACK = 1.3;
const OVERSHOOT = 1.05;

/** How many requests are answered before the first that is refused for the rate. */
async function bought(ask: (n: number) => HttpRequest | Promise<HttpRequest>): Promise<number> {
  for (let n = 0; n < MOST; n++) {
    const received = await send(await ask(n));
    if (received.status === 429) return n;
    assert.equal(received.status, 200, received.text);
  }
  return MOST;
}

const random = createRandom(SEED);
const address = (): string => Array.from({ length: 4 }, () => 1 + random.below(250)).join('.');

/** Headers by which someone would pass for somebody else. */
const DISGUISES: readonly (() => Record<string, string>)[] = [
  () => ({ 'x-forwarded-for': address() }),
  () => ({ 'x-forwarded-for': `${address()}, ${address()}, 127.0.0.1` }),
  () => ({ 'x-forwarded-for': `127.0.0.1, ${address()}` }),
  () => ({ forwarded: `for=${address()};proto=https` }),
  () => ({ 'x-real-ip': address(), 'x-client-ip': address(), 'true-client-ip': address() }),
  () => ({ 'cf-connecting-ip': address(), 'fastly-client-ip': address() }),
  () => ({ via: `1.1 ${address()}`, 'x-cluster-client-ip': address() }),
  () => ({ 'x-request-id': address(), 'user-agent': address(), cookie: `id=${address()}` }),
];

// What counts is the same in each.
for (const bff of shortOrFull(BFFS.slice(0, 1), BFFS)) {
  describe(`${bff.name}: more than one's share, as one viewer`, () => {
    let environment: Environment;
    let user = 100;
    let one: number;
    before(async () => {
      environment = await startEnvironment(bff, {
        RATE_LIMIT_VIEWER: String(BUDGET),
        BATCH_MOST: '10',
      });
      one = await bought(await asSomeone(ONE));
    });
    after(() => environment[Symbol.asyncDispose]());

    /** Requests of a user who has not asked before. */
    async function asSomeone(body: unknown) {
      const headers = await authorization(String(user++));
      return () => jsonPost(environment.endpoint, body, headers);
    }

    it('is refused, and told when to come again', async () => {
      assert.ok(one > 0 && one <= BUDGET, `${one} for ${BUDGET}`);
      const ask = await asSomeone(ONE);
      assert.equal(await bought(ask), one, 'everyone has the same');
      environment.reset();
      const received = await send(ask());
      demandRateRefusal(received);
      assert.deepEqual(environment.calls(), [], 'nothing is asked of the services');
    });

    it('is not to be had by aliases', async () => {
      const ten = await bought(await asSomeone(TEN));
      assert.ok(ten * 10 <= one * SLACK, `${ten} × 10 fields, instead of ${one}`);
    });

    it('is not to be had by arrays', async () => {
      const arrays = await bought(await asSomeone(Array.from({ length: 10 }, () => ONE)));
      assert.ok(arrays * 10 <= one * SLACK, `${arrays} × 10 operations, instead of ${one}`);
    });

    it('is not to be had by taking turns among the ways', async () => {
      const headers = await authorization(String(user++));
      const ways = [
        () => jsonPost(environment.endpoint, ONE, headers),
        () => ({ url: urlOf(environment.endpoint, ONE), headers }),
        () => jsonPost(environment.endpoint, [ONE], headers),
        () => jsonPost(environment.endpoint, withHash(ONE), headers),
        () => jsonPost(environment.endpoint, { query: `${ONE.query} #` }, headers),
      ];
      const count = await bought((n) => (ways[n % ways.length] as () => HttpRequest)());
      assert.ok(count <= one, `${count}, instead of ${one}`);
    });

    it('is not to be had by new tokens, or by another guise', async () => {
      const id = String(user++);
      const count = await bought(async (n) => {
        const headers = { ...(await authorization(id)), ...DISGUISES[n % DISGUISES.length]?.() };
        return jsonPost(environment.endpoint, ONE, headers);
      });
      assert.ok(count <= one, `${count}, instead of ${one}`);
    });

    it('is not to be had by asking for it all at once', async () => {
      const ask = await asSomeone(ONE);
      const answers = await Promise.all(Array.from({ length: MOST }, () => send(ask())));
      const count = answers.filter(({ status }) => status === 200).length;
      assert.ok(count <= one * OVERSHOOT, `${count}, instead of ${one}`);
      for (const received of answers) if (received.status !== 200) demandRateRefusal(received);
    });

    it("is at nobody else's cost", async () => {
      const greedy = await asSomeone(ONE);
      await bought(greedy);
      const modest = await asSomeone(ONE);
      assert.equal((await send(modest())).status, 200);
      assert.equal((await send({ url: `${environment.url}/healthz` })).status, 200);
      assert.equal((await send({ url: `${environment.url}/readyz` })).status, 200);
    });
  });

  describe(`${bff.name}: more than one's share, from one address`, () => {
    const env = { RATE_LIMIT_ADDRESS: String(BUDGET) };

    it('is refused, whatever the headers say', async () => {
      await using plain = await startEnvironment(bff, env);
      const one = await bought(() => jsonPost(plain.endpoint, ONE));
      assert.ok(one > 0 && one <= BUDGET, `${one} for ${BUDGET}`);
      demandRateRefusal(await send(jsonPost(plain.endpoint, ONE)));
      for (const disguise of DISGUISES) {
        const received = await send(jsonPost(plain.endpoint, ONE, disguise()));
        assert.equal(received.status, 429, JSON.stringify(disguise()));
      }
    });

    it('is not to be had with many tokens, good or bad', async () => {
      await using environment = await startEnvironment(bff, env);
      const count = await bought(async (n) =>
        jsonPost(environment.endpoint, ONE, await authorization(String(100 + n))),
      );
      assert.ok(count <= BUDGET, String(count));

      await using guessed = await startEnvironment(bff, env);
      const statuses = new Set<number>();
      for (let n = 0; n < MOST && !statuses.has(429); n++) {
        const token = `e30.${hash('sha256', String(n), 'base64url')}.AAAA`;
        const headers = { authorization: `Bearer ${token}` };
        statuses.add((await send(jsonPost(guessed.endpoint, ONE, headers))).status);
      }
      assert.deepEqual([...statuses], [401, 429], 'guessing tokens is limited as well');
    });

    it('is told by a proxy that is trusted, and by nobody behind it', async () => {
      await using environment = await startEnvironment(bff, {
        ...env,
        TRUSTED_PROXIES: '127.0.0.1',
      });
      const from = (chain: string) =>
        jsonPost(environment.endpoint, ONE, { 'x-forwarded-for': chain });
      const one = await bought(() => from('203.0.113.7'));
      assert.ok(one <= BUDGET);
      assert.equal((await send(from('203.0.113.8'))).status, 200, 'others have their own');
      for (const chain of [
        `${address()}, 203.0.113.7`,
        `203.0.113.8, 203.0.113.7`,
        `::1,203.0.113.7`,
      ]) {
        assert.equal((await send(from(chain))).status, 429, chain);
      }
      const odd = [
        '',
        ',',
        'unknown',
        '999.1.1.1',
        '<script>',
        'x'.repeat(1_000),
        '203.0.113.7:80',
      ];
      for (const chain of odd) {
        const { status, text } = await send(from(chain));
        assert.ok(status < 500, `${chain}: ${text}`);
      }
    });
  });
}

function demandRateRefusal(received: HttpResponse): void {
  const { status, headers, text } = received;
  assert.equal(status, 429, text);
  assertErrorFormat(received, 'the refusal');
  assert.deepEqual(codesOf(received), ['RATE_LIMITED']);
  const seconds = Number(headers['retry-after']);
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, String(seconds));
  assert.ok(headers.ratelimit, 'RateLimit');
  assert.ok(headers['ratelimit-policy'], 'RateLimit-Policy');
}
