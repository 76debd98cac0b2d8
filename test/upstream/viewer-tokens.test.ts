import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ServiceCredentials } from '../../src/config/index.ts';
import { target } from '../../src/datasources/target.ts';
import { CACHED } from '../cache/environment.ts';
import { createToken, type RequestOptions } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { LOGIN, sessionCookie } from '../support/session.ts';
import { startTokenEndpoint } from './token-endpoint.ts';
import { startUpstream } from './upstream-harness.ts';

const ISSUER = 'https://issuer.example';
const FORBIDDEN = { name: 'BffError', code: 'FORBIDDEN' };

// Calls that carry one viewer's token must never be shared with another viewer. Both viewers call in the
// same turn of the event loop, in which the calls of all requests are otherwise combined.

type TokenEndpoint = Awaited<ReturnType<typeof startTokenEndpoint>>;

/** An upstream whose server records the token and the URL of each call. */
async function startRecorded(
  endpoint: TokenEndpoint,
  kind: 'token-exchange' | 'client-credentials',
) {
  const seen: string[] = [];
  const credentials: ServiceCredentials = {
    kind,
    tokenUrl: endpoint.url,
    clientId: 'frontdesk',
    clientSecret: 'the secret',
    file: undefined,
    audience: undefined,
    scope: undefined,
    subjectIssuer: ISSUER,
  };
  const test = await startUpstream(
    ({ headers, method, url }, response) => {
      seen.push(`${headers.authorization} ${method} ${url}`);
      response.end(JSON.stringify({ token: headers.authorization }));
    },
    { credentials },
  );
  // All are the same user, so that nothing but the token tells their calls apart.
  const callAs = (viewerToken?: string, issuer = ISSUER) => {
    const call = test.callers.call();
    const viewer = { role: 'customer', id: '42', issuer } as const;
    return viewerToken === undefined ? call : { ...call, viewer, viewerToken };
  };
  const batch = test.upstream.batch('things', {
    target: (ids) => target(['things'], { ids }),
    read:
      (keys) =>
      ({ body }: { body: { token: string } }) =>
        new Map(keys.map((key) => [key, body.token])),
    missingKeyError: () => new Error('missing'),
  });
  const read = (operation: string, scope: 'public' | 'viewer') => {
    const send = test.upstream.read(operation, scope);
    return (viewerToken?: string, issuer?: string) =>
      send({ target: target(['list']), items: 1 }, callAs(viewerToken, issuer), ({ body }) => body);
  };
  return {
    seen: () => seen.toSorted(),
    load: (keys: readonly string[], viewerToken?: string, issuer?: string) =>
      batch(keys, callAs(viewerToken, issuer)),
    read,
    write: (viewerToken?: string, issuer?: string) =>
      test.upstream.write('change')(
        { method: 'POST', target: target(['change']), tagsOf: () => [] },
        callAs(viewerToken, issuer),
        ({ body }) => body,
      ),
    async forward(viewerToken?: string, issuer?: string) {
      const { body } = await test.upstream.forward('/route')(
        {
          method: 'GET',
          target: '/forwarded',
          tags: [],
          changeBody: (bytes) => Buffer.from(bytes).toString(),
          build({ url, headers }) {
            const { origin, pathname } = new URL(url);
            return { method: 'GET', origin, path: pathname, headers };
          },
        },
        callAs(viewerToken, issuer),
      );
      return body;
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

describe('Calls with exchanged tokens', () => {
  let endpoint: TokenEndpoint;
  before(async () => {
    endpoint = await startTokenEndpoint();
  });
  after(() => endpoint[Symbol.asyncDispose]());

  it('of a batch have the keys of one viewer, also if others ask for the same keys', async () => {
    await using test = await startRecorded(endpoint, 'token-exchange');
    const values = await Promise.all([
      test.load(['1', '2'], 'mia'),
      test.load(['2', '3'], 'ben'),
      test.load(['2'], 'mia'),
      test.load(['4']),
    ]);
    assert.deepEqual(test.seen(), [
      'Bearer for-ben GET /things?ids=2,3',
      'Bearer for-mia GET /things?ids=1,2',
      'Bearer own GET /things?ids=4',
    ]);
    assert.deepEqual(values, [
      ['Bearer for-mia', 'Bearer for-mia'],
      ['Bearer for-ben', 'Bearer for-ben'],
      ['Bearer for-mia'],
      ['Bearer own'],
    ]);
  });

  for (const scope of ['public', 'viewer'] as const) {
    it(`of a read with scope ${scope} are shared by requests of one viewer only`, async () => {
      await using test = await startRecorded(endpoint, 'token-exchange');
      const read = test.read('list', scope);
      const answers = await Promise.all([read('mia'), read('ben'), read('mia'), read()]);
      assert.deepEqual(test.seen(), [
        'Bearer for-ben GET /list',
        'Bearer for-mia GET /list',
        'Bearer own GET /list',
      ]);
      const tokens = ['for-mia', 'for-ben', 'for-mia', 'own'].map((name) => `Bearer ${name}`);
      assert.deepEqual(
        answers,
        tokens.map((token) => ({ token })),
      );
    });
  }

  it('of a write are for its viewer', async () => {
    await using test = await startRecorded(endpoint, 'token-exchange');
    await Promise.all([test.write('mia'), test.write('ben')]);
    assert.deepEqual(test.seen(), ['Bearer for-ben POST /change', 'Bearer for-mia POST /change']);
  });

  it('of a forwarded request are for its viewer', async () => {
    await using test = await startRecorded(endpoint, 'token-exchange');
    const bodies = await Promise.all([test.forward('mia'), test.forward('ben')]);
    assert.deepEqual(bodies, ['{"token":"Bearer for-mia"}', '{"token":"Bearer for-ben"}']);
  });

  it('are refused for viewers of another issuer, with neither their token nor its own', async () => {
    await using own = await startTokenEndpoint();
    await using test = await startRecorded(own, 'token-exchange');
    const other = 'https://other.example';
    const values = await test.load(['1', '2'], 'eve', other);
    for (const value of values) assert.equal((value as { code?: string }).code, 'FORBIDDEN');
    await assert.rejects(test.read('list', 'viewer')('eve', other), FORBIDDEN);
    await assert.rejects(test.read('shared', 'public')('eve', other), FORBIDDEN);
    await assert.rejects(test.write('eve', other), FORBIDDEN);
    await assert.rejects(test.forward('eve', other), FORBIDDEN);
    assert.deepEqual(test.seen(), []);
    assert.deepEqual(own.requests, []);
  });
});

describe('Calls with client credentials', () => {
  it('are shared by all viewers, whose tokens are not exchanged', async () => {
    await using endpoint = await startTokenEndpoint();
    await using test = await startRecorded(endpoint, 'client-credentials');
    await Promise.all([test.load(['1'], 'mia'), test.load(['2'], 'ben'), test.write('mia')]);
    assert.deepEqual(test.seen(), ['Bearer own GET /things?ids=1,2', 'Bearer own POST /change']);
    assert.equal(endpoint.requests.length, 1);
  });
});

describe('A BFF whose upstreams get exchanged tokens', () => {
  let endpoint: TokenEndpoint;
  let environment: LibraryEnvironment;
  before(async () => {
    endpoint = await startTokenEndpoint();
    environment = await startLibrary({
      ...CACHED,
      ...LOGIN,
      ...endpoint.env,
      MEMBER_SERVICE_CREDENTIALS: 'token-exchange',
      LENDING_SERVICE_CREDENTIALS: 'token-exchange',
    });
  });
  beforeEach(() => environment.reset());
  after(async () => {
    await environment[Symbol.asyncDispose]();
    await endpoint[Symbol.asyncDispose]();
  });

  const tokensSeen = () => [
    ...new Set(environment.calls().map(({ headers }) => String(headers.authorization))),
  ];

  async function send(query: string, options: RequestOptions = {}) {
    const { body } = await environment.send(query, {
      ...options,
      headers: { ...options.headers, 'cache-control': 'no-cache' },
    });
    assert.equal(body.errors, undefined, JSON.stringify(body.errors));
    return body.data;
  }

  it('calls each service for each of concurrent viewers with a token of that viewer', async () => {
    const query = '{ viewer { member { id } loans { edges { node { id borrower { id } } } } } }';
    const viewers = [CAST.reader, CAST.otherReader, '44', '45', '46'];
    const queries = viewers.flatMap((as) => Array.from({ length: 4 }, () => send(query, { as })));
    await Promise.all(queries);
    for (const { url, headers } of environment.calls()) {
      const [, id] = /(?:ids|members)=(\d+)/.exec(url) ?? [];
      assert.equal(headers.authorization, `Bearer for-${id}`, url);
    }
    assert.equal(tokensSeen().length, viewers.length);
  });

  it('writes with the token of the viewer', async () => {
    const query = 'mutation { renameMember(name: "Ada Castro") { member { id } } }';
    await send(query, { as: CAST.reader });
    assert.deepEqual(tokensSeen(), ['Bearer for-42']);
  });

  for (const [scope, as, query] of [
    ['public', CAST.reader, '{ member(id: "43") { name } notices { id } }'],
    ['role', 'staff', '{ recentLoans(first: 2) { id title } }'],
  ] as const) {
    it(`reads a response of scope ${scope}, which others may get, with its own token`, async () => {
      await send(query, { as });
      assert.deepEqual(tokensSeen(), ['Bearer own']);
    });
  }

  it('calls for anonymous viewers with its own token', async () => {
    await send('{ notices { id } }');
    assert.deepEqual(tokensSeen(), ['Bearer own']);
  });

  it('exchanges the access token of a session', async () => {
    const cookie = await sessionCookie(await createToken(CAST.otherReader));
    const headers = { cookie, 'x-csrf-protection': '1' };
    await send('{ viewer { member { id } } }', { headers });
    assert.deepEqual(tokensSeen(), ['Bearer for-43']);
  });

  it('fails only the fields of that upstream when there is no token for it', async () => {
    await using other = await startTokenEndpoint();
    other.respondWith((response) => response.writeHead(503).end());
    await using failing = await startLibrary({
      ...other.env,
      MEMBER_SERVICE_CREDENTIALS: 'token-exchange',
      LENDING_SERVICE_TOKEN: 'a static token',
    });
    const query = '{ viewer { member { id } activeCount } }';
    for (let n = 0; n < 3; n++) {
      const { body } = await failing.send(query, { as: CAST.reader });
      assert.equal(typeof body.data.viewer.activeCount, 'number');
      assert.equal(body.errors.length, 1);
      assert.deepEqual(body.errors[0].path, ['viewer', 'member']);
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    }
    assert.equal(other.requests.length, 1);
    const calls = failing.calls();
    assert.equal(calls.length, 3);
    for (const { headers } of calls) assert.equal(headers.authorization, 'Bearer a static token');
  });
});
