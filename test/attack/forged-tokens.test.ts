import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { BFFS, casesFor } from './bffs.ts';
import { forgedTokens } from './forged-tokens.ts';
import { type HttpResponse, jsonPost, send } from './http-client.ts';
import { shortOrFull } from './mode.ts';
import { assertErrorFormat, codesOf } from './responses.ts';
import { samplesOf } from './schema-samples.ts';
import { startTarget, type Target } from './target.ts';
import { startTokenIssuer, type TokenIssuer } from './token-issuer.ts';

const RANDOM_KEY_IDS = shortOrFull(50, 2_000);
/** The minimum time between two requests for keys. */
const COOLDOWN_MS = 30_000;

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF`, () => {
    const { privateQuery } = samplesOf(bff);
    const startedAt = performance.now();
    let issuer: TokenIssuer;
    let target: Target;
    before(async () => {
      issuer = await startTokenIssuer();
      target = await startTarget(bff, issuer.env);
    });
    after(async () => {
      await target[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    });

    const post = (query: string, headers: Record<string, string>): Promise<HttpResponse> =>
      send(jsonPost(target.endpoint, { query }, headers));
    const postWithToken = (token: string) =>
      post('{ __typename }', { authorization: `Bearer ${token}` });
    const signForStaff = () => issuer.sign({ role: 'staff' });

    it('accepts a token of the issuer', async () => {
      const { status, text } = await post(privateQuery, {
        authorization: `Bearer ${await signForStaff()}`,
      });
      assert.equal(status, 200, text);
      assert.deepEqual(codesOf({ text }), []);
    });

    it('rejects forged tokens', async () => {
      await using attacker = await startAttackerServer();
      const tokens = await forgedTokens(issuer, attacker.url);
      for (const [what, token] of casesFor(bff, tokens)) {
        assertUnauthenticated(await postWithToken(token), what);
      }
      assert.equal(attacker.requests(), 0, 'requests to the server of the attacker');
    });

    it('accepts tokens in the Authorization header only', async () => {
      const token = await signForStaff();
      const carriers: Record<string, string>[] = [
        { cookie: `token=${token}; authorization=Bearer ${token}` },
        { 'x-authorization': `Bearer ${token}` },
        { 'proxy-authorization': `Bearer ${token}` },
        { 'x-viewer': 'eyJyb2xlIjoic3RhZmYiLCJpZCI6IjQyIn0' },
        { 'x-user-id': '42', 'x-role': 'staff' },
      ];
      for (const headers of carriers) {
        const response = await post(privateQuery, headers);
        assert.deepEqual(codesOf(response), ['UNAUTHENTICATED'], JSON.stringify(headers));
      }
      const query = encodeURIComponent(privateQuery);
      const response = await send({
        url: `${target.endpoint}?access_token=${token}&query=${query}`,
      });
      assert.deepEqual(codesOf(response), ['UNAUTHENTICATED'], 'access_token');
    });

    it('requests keys at most once in 30 s for unknown key ids', async () => {
      for (let n = 0; n < RANDOM_KEY_IDS; n++) {
        const token = await issuer.sign({}, { kid: randomUUID() });
        assertUnauthenticated(await postWithToken(token), 'a random key id');
      }
      const max = 1 + Math.ceil((performance.now() - startedAt) / COOLDOWN_MS);
      assert.ok(issuer.fetches() <= max, `${issuer.fetches()} requests for keys, at most ${max}`);
    });

    it('verifies tokens with known keys while the issuer is down', async () => {
      issuer.goDown();
      assert.equal((await postWithToken(await issuer.sign({ jti: randomUUID() }))).status, 200);
      assertUnauthenticated(await postWithToken(await issuer.sign({ aud: 'x' })), 'audience');
    });

    it('responds 503 without any keys, and does not flood the issuer', async () => {
      await using deadIssuer = await startTokenIssuer();
      deadIssuer.goDown();
      await using other = await startTarget(bff, deadIssuer.env);
      const authorization = `Bearer ${await deadIssuer.sign()}`;
      for (let n = 0; n < 50; n++) {
        const request = jsonPost(other.endpoint, { query: '{ __typename }' }, { authorization });
        const response = await send(request);
        assert.equal(response.status, 503, response.text);
        assert.deepEqual(codesOf(response), ['UPSTREAM_UNAVAILABLE']);
      }
      const fetches = deadIssuer.fetches();
      assert.ok(fetches <= 5, `${fetches} requests for keys, for 50 tokens`);
    });
  });
}

function assertUnauthenticated(response: HttpResponse, what: string): void {
  const { status, text } = response;
  // 431: a token that exceeds the limit for the head of a request.
  assert.ok(status === 401 || status === 431, `${what}: ${status} ${text}`);
  assertErrorFormat(response, what);
  if (status === 401) assert.deepEqual(codesOf(response), ['UNAUTHENTICATED'], what);
  assert.equal(JSON.parse(text).data, undefined, what);
}

/** A server of the attacker, which must receive no request. */
async function startAttackerServer() {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests++;
    response.end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
