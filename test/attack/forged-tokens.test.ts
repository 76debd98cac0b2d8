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
import { startTarget, type Target } from './target.ts';
import { type Issuer, startIssuer } from './token-issuer.ts';

const RANDOM_IDS = shortOrFull(50, 2_000);
const COOLING_MS = 30_000;

/** What a good token for user 42 gets, and nobody else does. */
const PRIVATE: Readonly<Record<string, string>> = {
  web: '{ viewer { id } }',
  mobile: '{ dashboard { user { id } } }',
  partner: '{ me { id } }',
};

for (const bff of BFFS) {
  describe(`${bff.name}: tokens that nobody issued`, () => {
    let issuer: Issuer;
    let target: Target;
    const started = performance.now();
    before(async () => {
      issuer = await startIssuer();
      target = await startTarget(bff, issuer.env);
    });
    after(async () => {
      await target[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    });

    const ask = (query: string, headers: Record<string, string>): Promise<HttpResponse> =>
      send(jsonPost(target.endpoint, { query }, headers));
    const askWith = (token: string) => ask('{ __typename }', { authorization: `Bearer ${token}` });
    const own = PRIVATE[bff.name] ?? '{ __typename }';

    it('are told from one that was issued', async () => {
      const { status, text } = await ask(own, { authorization: `Bearer ${await issuer.sign()}` });
      assert.equal(status, 200, text);
      assert.match(text, /"id":"42"/);
    });

    it('let nobody in', async () => {
      await using theirs = await startListener();
      const tokens = await forgedTokens(issuer, theirs.url);
      for (const [what, token] of casesFor(bff, tokens)) demandRefused(await askWith(token), what);
      assert.equal(theirs.requests(), 0, "nothing is asked of an attacker's server");
    });

    it('let nobody in from other places than the Authorization header', async () => {
      const token = await issuer.sign();
      const carriers: Record<string, string>[] = [
        { cookie: `token=${token}; authorization=Bearer ${token}` },
        { 'x-authorization': `Bearer ${token}` },
        { 'proxy-authorization': `Bearer ${token}` },
        { 'x-viewer': 'eyJyb2xlIjoic3RhZmYiLCJpZCI6IjQyIn0' },
        { 'x-user-id': '42', 'x-role': 'staff' },
      ];
      for (const headers of carriers) {
        assert.doesNotMatch((await ask(own, headers)).text, /"id":"42"/, JSON.stringify(headers));
      }
      const url = `${target.endpoint}?access_token=${token}&query=${encodeURIComponent(own)}`;
      assert.doesNotMatch((await send({ url })).text, /"id":"42"/);
    });

    it('do not make the issuer the target, whatever key ids they name', async () => {
      for (let n = 0; n < RANDOM_IDS; n++) {
        demandRefused(await askWith(await issuer.sign({}, { kid: randomUUID() })), 'a random id');
      }
      const most = 1 + Math.ceil((performance.now() - started) / COOLING_MS);
      assert.ok(issuer.fetches() <= most, `${issuer.fetches()} fetches of keys, at most ${most}`);
    });

    it('are told from good ones while the issuer is down', async () => {
      issuer.goDown();
      assert.equal((await askWith(await issuer.sign({ jti: randomUUID() }))).status, 200);
      demandRefused(await askWith(await issuer.sign({ aud: 'x' })), 'another audience');
    });

    it('are not taken for anonymous when no key was ever had, and nobody is hammered', async () => {
      await using dead = await startIssuer();
      dead.goDown();
      await using started = await startTarget(bff, dead.env);
      const authorization = `Bearer ${await dead.sign()}`;
      for (let n = 0; n < 50; n++) {
        const sent = jsonPost(started.endpoint, { query: '{ __typename }' }, { authorization });
        const received = await send(sent);
        assert.equal(received.status, 503, received.text);
        assert.deepEqual(codesOf(received), ['UPSTREAM_UNAVAILABLE']);
      }
      assert.ok(dead.fetches() <= 5, `${dead.fetches()} fetches for 50 requests`);
    });
  });
}

function demandRefused(received: HttpResponse, what: string): void {
  const { status, text } = received;
  // What does not fit into the head of a request is no token either.
  assert.ok(status === 401 || status === 431, `${what}: ${status} ${text}`);
  assertErrorFormat(received, what);
  if (status === 401) assert.deepEqual(codesOf(received), ['UNAUTHENTICATED'], what);
  assert.equal(JSON.parse(text).data, undefined, what);
}

/** An attacker's server, which nobody should ask for anything. */
async function startListener() {
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
