import assert from 'node:assert/strict';
import { createHmac, hash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { exportJWK } from 'jose';
import {
  allowInsecureRequests,
  Configuration,
  fetchProtectedResource,
  getDPoPHandle,
} from 'openid-client';
import { partner } from '../../bff-partner/bff.ts';
import { issueToken } from '../../services/support/tokens.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { createProver, dpopHeaders, issueBoundToken, type Prover } from './bound-token.ts';
import { startEndpoint } from './endpoint.ts';
import { encoded, inSeconds } from './issuer.ts';

const ME = { query: '{ me { id } }' };
const ALGORITHMS = 'ES256 ES384 PS256 RS256 Ed25519 EdDSA';
const INVALID_TOKEN = `DPoP error="invalid_token", algs="${ALGORITHMS}"`;
const INVALID_PROOF = `DPoP error="invalid_dpop_proof", algs="${ALGORITHMS}"`;
/** The address of a request is then the one that it names. */
const NO_PUBLIC_URL = { PUBLIC_URL: '' };
const OF_42 = { data: { me: { id: '42' } } };

/** The URL of a query, which a GET can send. */
const urlOf = ({ endpoint }: Environment) => `${endpoint}?${new URLSearchParams(ME)}`;

function assertRefused(response: Json, message: RegExp, what = 'refused'): void {
  assert.equal(response.status, 401, what);
  const [{ message: text, extensions }] = response.body.errors;
  assert.equal(extensions.code, 'UNAUTHENTICATED', what);
  assert.match(text, message, what);
}

describe('A token that is bound to a DPoP key', () => {
  let environment: Environment;
  let prover: Prover;
  let token: string;
  let target: { url: string; token: string };
  before(async () => {
    environment = await startEnvironment(partner, { ...NO_PUBLIC_URL, CACHE_MEMORY_MB: '16' });
    prover = await createProver();
    token = await prover.token();
    target = { url: environment.endpoint, token };
  });
  after(() => environment[Symbol.asyncDispose]());

  const send = (proof: string, sent = token) => environment.post(ME, dpopHeaders(sent, proof));

  /** Sends a GET with headers as they are; a list is sent as several lines. */
  async function get(headers: Record<string, string | string[]>) {
    const outgoing = request(urlOf(environment), { headers }).end();
    const [response]: IncomingMessage[] = await once(outgoing, 'response');
    assert.ok(response);
    const { statusCode: status, headers: received } = response;
    return { status, headers: received, body: (await json(response)) as Json };
  }

  for (const alg of ['ES256', 'ES384', 'PS256', 'RS256', 'Ed25519']) {
    it(`is accepted with the ${alg} proofs of a client library, over POST and GET`, async () => {
      const client = await createProver(alg);
      const config = new Configuration({ issuer: 'https://issuer.example' }, 'client');
      allowInsecureRequests(config);
      const options = { DPoP: getDPoPHandle(config, client.keys) };
      const bound = await client.token();
      const headers = new Headers({ 'content-type': 'application/json' });
      const posted = new URL(environment.endpoint);
      const body = JSON.stringify(ME);
      const requests = [
        () => fetchProtectedResource(config, bound, posted, 'POST', body, headers, options),
        () => {
          const url = new URL(urlOf(environment));
          return fetchProtectedResource(config, bound, url, 'GET', null, headers, options);
        },
      ];
      for (const sendIt of requests) assert.deepEqual(await (await sendIt()).json(), OF_42);
    });
  }

  it('gets a stored response only with a proof of its own', async () => {
    const url = urlOf(environment);
    const prove = () => prover.prove({ method: 'GET', url, token });
    await get(dpopHeaders(token, await prove()));
    const hit = await get(dpopHeaders(token, await prove()));
    assert.match(String(hit.headers['cache-status']), /; hit/);
    assert.deepEqual(hit.body, OF_42);
    assertRefused(await get({ authorization: `DPoP ${token}` }), /bound to a key/);
    assertRefused(await get({ authorization: `Bearer ${token}` }), /bound to a key/);
  });

  it('is refused without a proof, and the challenge names the algorithms', async () => {
    const proof = await prover.prove(target);
    for (const headers of [
      { authorization: `DPoP ${token}` },
      { authorization: `Bearer ${token}` },
      { authorization: `Bearer ${token}`, dpop: proof },
    ]) {
      const refused = await environment.post(ME, headers);
      assertRefused(refused, /^The token is bound to a key: send it as "Authorization: DPoP/);
      assert.equal(refused.headers.get('www-authenticate'), INVALID_TOKEN);
    }
    assert.equal((await send(proof)).status, 200, 'the proof was good');
  });

  it('is refused with a proof that is not for this request, now and by its key', async () => {
    const other = await createProver();
    const symmetric = { kty: 'oct', k: 'AAAA' };
    const privateJwk = await exportJWK(prover.keys.privateKey);
    const origin = environment.endpoint.replace('/graphql', '');
    const otherToken = await prover.token('43');
    const valid = await prover.prove(target);
    const [head = '', payload = '', signature = ''] = valid.split('.');
    const hmac = `${encoded({ typ: 'dpop+jwt', alg: 'HS256', jwk: symmetric })}.${payload}`;
    const signedByHmac = createHmac('sha256', Buffer.from('AAAA', 'base64url')).update(hmac);
    const change = (claims: Record<string, unknown>) => prover.prove(target, { claims });
    const withHeader = (header: object) => prover.prove(target, { header });
    const KEY = /another key/;
    const NOT_VALID = /not valid/;
    const METHOD = /another method/;
    const OTHER_URL = /another URL/;
    const OTHER_TOKEN = /another token/;
    const TIME = /not recent/;
    const proofs: Record<string, [proof: string, message: RegExp]> = {
      'by another key': [await other.prove(target), KEY],
      "by another key, with this one's in the header": [
        await other.prove(target, { header: { jwk: prover.jwk } }),
        NOT_VALID,
      ],
      'without a key': [await withHeader({ jwk: undefined }), KEY],
      'with a private key': [await withHeader({ jwk: privateJwk }), NOT_VALID],
      'for another method': [await change({ htm: 'GET' }), METHOD],
      'for the method in lower case': [await change({ htm: 'post' }), METHOD],
      'for another path': [await change({ htu: `${origin}/graphql/` }), OTHER_URL],
      'for a path that is escaped twice': [
        await change({ htu: `${origin}/%2567raphql` }),
        OTHER_URL,
      ],
      'for another host': [await change({ htu: 'https://evil.example/graphql' }), OTHER_URL],
      'for another port': [await change({ htu: 'http://127.0.0.1/graphql' }), OTHER_URL],
      'for another scheme': [await change({ htu: target.url.replace('http', 'https') }), OTHER_URL],
      'for a path alone': [await change({ htu: '/graphql' }), OTHER_URL],
      'for a URL that is no text': [await change({ htu: [target.url] }), OTHER_URL],
      'for another token': [await prover.prove({ ...target, token: otherToken }), OTHER_TOKEN],
      'for the hash of another form': [await change({ ath: hash('sha256', token) }), OTHER_TOKEN],
      'of too long ago': [await change({ iat: inSeconds(-100) }), TIME],
      'of the future': [await change({ iat: inSeconds(40) }), TIME],
      'that has expired': [await change({ exp: inSeconds(-100) }), TIME],
      'of a time that is no number': [await change({ iat: `${inSeconds(0)}` }), NOT_VALID],
      ...Object.fromEntries(
        await Promise.all(
          ['iat', 'jti', 'htm', 'htu', 'ath'].map(async (claim) => [
            `without ${claim}`,
            [await change({ [claim]: undefined }), NOT_VALID],
          ]),
        ),
      ),
      'with an empty jti': [await change({ jti: '' }), /no usable "jti"/],
      'with a jti that is no text': [await change({ jti: 7 }), /no usable "jti"/],
      'of another type': [await withHeader({ typ: 'jwt' }), NOT_VALID],
      'without a type': [await withHeader({ typ: undefined }), NOT_VALID],
      'with a critical extension': [
        `${encoded({ ...JSON.parse(Buffer.from(head, 'base64url').toString()), crit: ['x'], x: 1 })}.${payload}.${signature}`,
        NOT_VALID,
      ],
      'without an algorithm': [
        `${encoded({ typ: 'dpop+jwt', alg: 'none', jwk: prover.jwk })}.${payload}.`,
        NOT_VALID,
      ],
      'with a secret as its key': [
        `${hmac}.${signedByHmac.digest('base64url')}`,
        /not valid|another key/,
      ],
      'with another payload': [`${head}.${encoded({ a: 1 })}.${signature}`, NOT_VALID],
      'without a signature': [`${head}.${payload}.`, NOT_VALID],
      'that is the token': [token, KEY],
      'that is no JWT': ['x', NOT_VALID],
      'that is empty': ['', NOT_VALID],
      'beside another one': [`${valid}, ${await prover.prove(target)}`, NOT_VALID],
    };
    for (const [what, [proof, message]] of Object.entries(proofs)) {
      const refused = await send(proof);
      assertRefused(refused, message, what);
      assert.equal(refused.headers.get('www-authenticate'), INVALID_PROOF, what);
    }
    assert.equal((await send(valid)).status, 200, 'an attempt with its parts does not use it up');
  });

  it('is refused with two DPoP headers, whichever is valid', async () => {
    const prove = () => prover.prove({ method: 'GET', url: urlOf(environment), token });
    const dpop = [await prove(), await prove()];
    assertRefused(await get({ authorization: `DPoP ${token}`, dpop }), /proof is not valid/);
  });

  it('is accepted with a proof whose URL differs in form only, within the clock tolerance', async () => {
    const { port } = new URL(target.url);
    const ok: Record<string, unknown>[] = [
      { htu: `HTTP://127.0.0.1:${port}/graphql` },
      { htu: `http://127.0.0.1:${port}/x/../graphql` },
      { htu: `http://127.0.0.1:${port}/%67raph%71l` },
      { htu: `${target.url}?query=x#y` },
      { iat: inSeconds(-55) },
      { iat: inSeconds(20) },
    ];
    for (const claims of ok) {
      const { status } = await send(await prover.prove(target, { claims }));
      assert.equal(status, 200, JSON.stringify(claims));
    }
  });

  it('is accepted once with each proof, also if it is sent several times at once', async () => {
    const proof = await prover.prove(target);
    const responses = await Promise.all(Array.from({ length: 10 }, () => send(proof)));
    assert.equal(responses.filter(({ status }) => status === 200).length, 1);
    assertRefused(await send(proof), /was used before/);
    const jti = 'the same';
    const { thumbprint } = prover;
    assert.equal((await send(await prover.prove(target, { claims: { jti } }))).status, 200);
    assertRefused(await send(await prover.prove(target, { claims: { jti } })), /was used before/);
    const other = await createProver();
    assert.notEqual(other.thumbprint, thumbprint);
    const bound = await other.token();
    const proofOfOther = await other.prove({ ...target, token: bound }, { claims: { jti } });
    assert.equal((await send(proofOfOther, bound)).status, 200, 'ids are apart for each key');
  });

  it('is the only kind that may be sent as DPoP', async () => {
    const bearer = await issueToken({ userId: '42' });
    const proof = await prover.prove({ ...target, token: bearer });
    assertRefused(await send(proof, bearer), /not bound to a DPoP key/);
    const sent = await environment.post(ME, { authorization: `Bearer ${bearer}`, dpop: proof });
    assert.deepEqual(sent.body, OF_42, 'a bearer token needs no proof');
  });

  it('is refused if what it is bound to is malformed or unknown', async () => {
    const { jwk, thumbprint } = prover;
    for (const cnf of [
      {},
      [],
      null,
      true,
      'x',
      { jwk },
      { kid: 'a' },
      { jkt: thumbprint, kid: 'a' },
      { jkt: '' },
      { jkt: [thumbprint] },
      { jkt: { toString: 'x' } },
      { __proto__: { jkt: thumbprint } },
    ]) {
      const bound = await issueBoundToken(cnf);
      const proof = await prover.prove({ ...target, token: bound });
      for (const scheme of ['DPoP', 'Bearer']) {
        const headers = { authorization: `${scheme} ${bound}`, dpop: proof };
        const { status } = await environment.post(ME, headers);
        assert.equal(status, 401, `${scheme} ${JSON.stringify(cnf)}`);
      }
    }
  });
});

describe('A DPoP proof behind a proxy', () => {
  it('is for PUBLIC_URL, whatever address the request names', async () => {
    const url = 'https://partner.example/graphql';
    await using environment = await startEnvironment(partner, { PUBLIC_URL: new URL(url).origin });
    const prover = await createProver();
    const token = await prover.token();
    const headersFor = async (target: string) =>
      dpopHeaders(token, await prover.prove({ url: target, token }));
    assert.deepEqual((await environment.post(ME, await headersFor(url))).body, OF_42);
    const named = await headersFor('http://evil.example/graphql');
    const outgoing = request(environment.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', host: 'evil.example', ...named },
    }).end(JSON.stringify(ME));
    const [response]: IncomingMessage[] = await once(outgoing, 'response');
    assert.ok(response);
    assertRefused({ status: response.statusCode, body: await json(response) }, /another URL/);
  });

  it('is otherwise for the address that the client sees, as a trusted proxy reports it', async () => {
    const env = { ...NO_PUBLIC_URL, TRUSTED_PROXIES: '127.0.0.1' };
    await using environment = await startEnvironment(partner, env);
    const prover = await createProver();
    const token = await prover.token();
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' };
    const url = 'https://shop.example/graphql';
    const headers = async () => dpopHeaders(token, await prover.prove({ url, token }));
    const through = await environment.post(ME, { ...forwarded, ...(await headers()) });
    assert.deepEqual(through.body, OF_42);
    assertRefused(await environment.post(ME, await headers()), /another URL/);
    await using direct = await startEnvironment(partner, NO_PUBLIC_URL);
    const untrusted = await direct.post(ME, { ...forwarded, ...(await headers()) });
    assertRefused(untrusted, /another URL/);
  });
});

describe('An opaque token that is bound to a DPoP key', () => {
  it('is accepted with a proof only', async () => {
    const prover = await createProver();
    const claims = { active: true, sub: '42', role: 'customer', scope: 'profile:read' };
    const bound = { ...claims, token_type: 'DPoP', cnf: { jkt: prover.thumbprint } };
    await using issuer = await startEndpoint((response) => response.end(JSON.stringify(bound)));
    await using environment = await startEnvironment(partner, {
      ...NO_PUBLIC_URL,
      INTROSPECTION_URL: issuer.url.href,
      INTROSPECTION_CLIENT_ID: 'c',
      INTROSPECTION_CLIENT_SECRET: 's',
    });
    const token = 'opaque';
    const prove = () => prover.prove({ url: environment.endpoint, token });
    for (let n = 0; n < 2; n++) {
      const { body } = await environment.post(ME, dpopHeaders(token, await prove()));
      assert.deepEqual(body, OF_42);
      const bearer = await environment.post(ME, { authorization: `Bearer ${token}` });
      assertRefused(bearer, /bound to a key/);
    }
    assert.equal(issuer.requests.length, 1, 'looked up once, proved each time');
  });
});

describe('Two replicas with a Redis', { skip: skipWithoutRedis }, () => {
  it('accept a DPoP proof once together, and once each while Redis is down', async () => {
    await using redis = await startRedis();
    const env = { REDIS_URL: redis.url.href, PUBLIC_URL: 'https://shop.example' };
    await using first = await startEnvironment(partner, env);
    await using second = await startEnvironment(partner, env);
    const isUp = async ({ adminUrl }: Environment) =>
      (await (await fetch(`${adminUrl}/metrics`)).text()).includes('frontdesk_redis_up 1');
    await until(async () => (await isUp(first)) && (await isUp(second)));

    const prover = await createProver();
    const token = await prover.token();
    const url = 'https://shop.example/graphql';
    async function acceptedBy(...environments: readonly Environment[]): Promise<number> {
      const headers = dpopHeaders(token, await prover.prove({ url, token }));
      const responses = await Promise.all(environments.map((each) => each.post(ME, headers)));
      return responses.filter(({ status }) => status === 200).length;
    }
    for (let n = 0; n < 5; n++) assert.equal(await acceptedBy(first, second), 1);
    await redis.kill();
    assert.equal(await acceptedBy(first, second), 2);
    assert.equal(await acceptedBy(first, first), 1);
  });
});
