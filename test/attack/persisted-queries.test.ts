import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STANDARD_LIMITS } from '../../src/operations/limits/index.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { BFFS } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { shortOrFull } from './mode.ts';
import { codesOf } from './responses.ts';
import { type GraphqlRequest, hashOnly, TRANSPORTS, withHash } from './transports.ts';

const QUERY: GraphqlRequest = { query: 'query Mine { __typename }' };
/** Number of texts of 20 kB that fill the store of registered texts. */
const FLOOD = 850;
const CONCURRENCY = 10;

/** A text of the maximum size, different for each number. */
const largeText = (n: number): GraphqlRequest => {
  const query = `query Flood${n} { __typename } #`;
  return { query: query.padEnd(STANDARD_LIMITS.characters, 'x') };
};

const register = ({ endpoint }: Environment, request: GraphqlRequest): Promise<HttpResponse> =>
  send(jsonPost(endpoint, withHash(request)));

const sendHash = ({ endpoint }: Environment, request: GraphqlRequest): Promise<HttpResponse> =>
  send(jsonPost(endpoint, hashOnly(request)));

async function flood(environment: Environment): Promise<void> {
  for (let n = 0; n < FLOOD; n += CONCURRENCY) {
    const texts = Array.from({ length: CONCURRENCY }, (_, index) => largeText(n + index));
    const responses = await Promise.all(texts.map((text) => register(environment, text)));
    for (const { status, text } of responses) assert.equal(status, 200, text);
  }
}

/** The remaining cost units of the address, from the RateLimit header. */
const remainingUnits = ({ headers, text }: HttpResponse): number => {
  const remaining = /"address";r=(\d+)/.exec(String(headers.ratelimit))?.[1];
  assert.ok(remaining, text);
  return Number(remaining);
};

// The store is the same in all BFFs.
for (const bff of shortOrFull(BFFS.slice(0, 1), BFFS)) {
  describe(`A persisted query of the ${bff.name} BFF`, () => {
    it('that has been requested by its hash survives a flood of registrations; another does not', async () => {
      await using environment = await startEnvironment(bff);
      const unused = { query: 'query Unused { __typename }' };
      await register(environment, QUERY);
      await sendHash(environment, QUERY);
      await register(environment, unused);
      await flood(environment);
      assert.deepEqual(codesOf(await sendHash(environment, QUERY)), []);
      const codes = codesOf(await sendHash(environment, unused));
      assert.deepEqual(codes, ['PERSISTED_QUERY_NOT_FOUND']);
    });

    for (const transport of ['persisted', 'GET', 'batch'] as const) {
      it(`costs one unit per 200 bytes, once, when it is registered by ${transport}`, async () => {
        await using environment = await startEnvironment(bff, {
          RATE_LIMIT_ADDRESS: '1000',
          BATCH_MAX_OPERATIONS: '2',
        });
        const { query = '' } = largeText(0);
        const request = withHash({ query: query.slice(0, 8_000) });
        const first = remainingUnits(
          await TRANSPORTS[transport](environment.endpoint, request, {}),
        );
        assert.equal(first, 1_000 - 1 - 40);
        const second = remainingUnits(
          await TRANSPORTS[transport](environment.endpoint, request, {}),
        );
        assert.equal(second, first - 1);
      });
    }

    it('is rejected when the address has too few units left', async () => {
      await using environment = await startEnvironment(bff, { RATE_LIMIT_ADDRESS: '150' });
      assert.equal((await register(environment, largeText(0))).status, 200);
      assert.equal((await register(environment, largeText(1))).status, 429);
    });
  });
}
