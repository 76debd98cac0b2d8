import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STANDARD_LIMITS } from '../../src/operations/limits/index.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { BFFS } from './bffs.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { isFull } from './mode.ts';
import { codesOf } from './responses.ts';
import { type GraphqlRequest, hashOnly, TRANSPORTS, withHash } from './transports.ts';

const VIEWERS_TEXT: GraphqlRequest = { query: 'query Mine { __typename }' };
/** So many texts of 20 kB fill the memory for texts. */
const FLOOD = 850;
const AT_ONCE = 10;

/** A text of the largest size, as nobody else has sent it. */
const largeText = (n: number): GraphqlRequest => {
  const query = `query Flood${n} { __typename } #`;
  return { query: query.padEnd(STANDARD_LIMITS.characters, 'x') };
};

const register = ({ endpoint }: Environment, asked: GraphqlRequest): Promise<HttpResponse> =>
  send(jsonPost(endpoint, withHash(asked)));

const askByHash = ({ endpoint }: Environment, asked: GraphqlRequest): Promise<HttpResponse> =>
  send(jsonPost(endpoint, hashOnly(asked)));

async function flood(environment: Environment): Promise<void> {
  for (let n = 0; n < FLOOD; n += AT_ONCE) {
    const texts = Array.from({ length: AT_ONCE }, (_, at) => largeText(n + at));
    const received = await Promise.all(texts.map((text) => register(environment, text)));
    for (const { status, text } of received) assert.equal(status, 200, text);
  }
}

/** What is left of the address's budget, as the answer says. */
const restOf = ({ headers, text }: HttpResponse): number => {
  const rest = /"address";r=(\d+)/.exec(String(headers.ratelimit))?.[1];
  assert.ok(rest, text);
  return Number(rest);
};

for (const bff of isFull ? BFFS : BFFS.slice(0, 1)) {
  describe(`${bff.name}: texts registered by others`, () => {
    it('do not evict a text that is asked for by its hash', async () => {
      await using environment = await startEnvironment(bff);
      await register(environment, VIEWERS_TEXT);
      await askByHash(environment, VIEWERS_TEXT);
      await flood(environment);
      assert.deepEqual(codesOf(await askByHash(environment, VIEWERS_TEXT)), []);
    });

    it('evict a text that was registered before and never asked for', async () => {
      await using environment = await startEnvironment(bff);
      await register(environment, VIEWERS_TEXT);
      await flood(environment);
      const codes = codesOf(await askByHash(environment, VIEWERS_TEXT));
      assert.deepEqual(codes, ['PERSISTED_QUERY_NOT_FOUND']);
    });

    for (const transport of ['persisted', 'GET', 'batch'] as const) {
      it(`cost one unit for each 200 bytes, once, by ${transport}`, async () => {
        await using environment = await startEnvironment(bff, {
          RATE_LIMIT_ADDRESS: '1000',
          BATCH_MOST: '2',
        });
        const { query = '' } = largeText(0);
        const asked = withHash({ query: query.slice(0, 8_000) });
        const first = restOf(await TRANSPORTS[transport](environment.endpoint, asked, {}));
        assert.equal(first, 1_000 - 1 - 40);
        const second = restOf(await TRANSPORTS[transport](environment.endpoint, asked, {}));
        assert.equal(second, first - 1);
      });
    }

    it('are refused when the address has too little left', async () => {
      await using environment = await startEnvironment(bff, { RATE_LIMIT_ADDRESS: '150' });
      assert.equal((await register(environment, largeText(0))).status, 200);
      assert.equal((await register(environment, largeText(1))).status, 429);
    });
  });
}
