import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { issueToken } from '../../services/support/tokens.ts';
import {
  authorization,
  type Environment,
  startEnvironment,
  type TestViewer,
} from '../support/environment.ts';
import { PRODUCTION } from '../support/production.ts';
import { until } from '../support/until.ts';
import { CACHED } from './environment.ts';
import { shareCached } from './shared-environment.ts';

const QUERY = '{ announcements { id } }';
const PRIVATE = { web: '{ viewer { user { id } } }', mobile: '{ dashboard { user { id } } }' };
const AS_JSON = { 'content-type': 'application/json' };

const get = ({ endpoint }: Environment, query: string, init: RequestInit = {}) =>
  fetch(`${endpoint}?${new URLSearchParams({ query })}`, init);

/** Asserts that no header allows a cache to store the answer. */
function assertNoStore({ headers }: Response, label: string): void {
  assert.equal(headers.get('cache-control'), 'no-store', label);
  for (const name of ['etag', 'surrogate-key', 'cache-tag']) {
    assert.equal(headers.get(name), null, `${label}: ${name}`);
  }
}

for (const bff of [web, mobile]) {
  describe(`no-store (${bff.name} BFF)`, () => {
    const environment = shareCached(bff);

    it('is sent with every answer to a POST, misses and hits', async () => {
      const own = PRIVATE[bff.name as keyof typeof PRIVATE];
      const mutation = 'mutation { markNotificationsRead(ids: ["1"]) { unreadCount } }';
      for (const query of [QUERY, own, mutation, '{ __typename }', '{ profile(id: "0") { id } }']) {
        for (let n = 0; n < 2; n++) {
          const headers = { ...AS_JSON, ...(await authorization(CAST.customer)) };
          const body = JSON.stringify({ query });
          const answer = await fetch(environment.endpoint, { method: 'POST', headers, body });
          assert.equal(answer.status, 200, await answer.clone().text());
          assertNoStore(answer, `${query} ${n}`);
        }
      }
    });

    it('is sent with every answer that has errors or is never stored', async () => {
      const own = PRIVATE[bff.name as keyof typeof PRIVATE];
      for (const query of [
        '{ profile(id: "99999") { id } }',
        '{ profile(id: "42") { id } other: profile(id: "99999") { id } }',
        '{ profile(id: "not an id") { id } }',
        own,
        '{ nothing }',
        '{ announcements { id ',
        'subscription { x }',
        'mutation { __typename }',
        '{ profile(id: "42") { id } __schema { description } }',
        '{ __typename }',
        '{ __type(name: "User") { name } }',
      ]) {
        for (let n = 0; n < 2; n++) assertNoStore(await get(environment, query), query);
      }
    });

    it('is sent with requests that are refused before they are parsed', async () => {
      const { endpoint, url } = environment;
      const text = JSON.stringify({ query: QUERY });
      const post = (body: string, headers: Record<string, string>) =>
        fetch(endpoint, { method: 'POST', headers, body });
      const form = 'application/x-www-form-urlencoded';
      const refused: Record<string, [status: number, answer: Response]> = {
        'an invalid token': [
          401,
          await get(environment, QUERY, { headers: { authorization: 'Bearer x' } }),
        ],
        'a malformed time limit': [
          400,
          await get(environment, QUERY, { headers: { 'x-request-timeout-ms': 'soon' } }),
        ],
        'another address': [404, await fetch(`${url}/graphiql`)],
        'the address with a slash': [404, await fetch(`${endpoint}/?query=${QUERY}`)],
        PUT: [405, await get(environment, QUERY, { method: 'PUT' })],
        PATCH: [405, await get(environment, QUERY, { method: 'PATCH' })],
        DELETE: [405, await get(environment, QUERY, { method: 'DELETE' })],
        text: [415, await post(text, { 'content-type': 'text/plain' })],
        'a form': [415, await post(`query=${QUERY}`, { 'content-type': form })],
        'half of a body': [400, await post('{"query":', AS_JSON)],
        'too much': [413, await post(`"${'x'.repeat(2_000_000)}"`, AS_JSON)],
      };
      for (const [what, [status, answer]] of Object.entries(refused)) {
        assert.equal(answer.status, status, what);
      }
      const kept = Object.entries(refused).filter(
        ([, [, { headers }]]) => headers.get('cache-control') !== 'no-store',
      );
      assert.deepEqual(
        kept.map(([what]) => what),
        [],
      );
    });

    it('is sent with 405, which names the allowed methods', async () => {
      await get(environment, QUERY);
      for (const method of ['PUT', 'PATCH', 'DELETE']) {
        const answer = await get(environment, QUERY, { method });
        assert.equal(answer.status, 405);
        assertNoStore(answer, method);
        assert.equal(answer.headers.get('allow'), 'GET, HEAD, POST');
        assert.match(await answer.text(), /"BAD_REQUEST".*"requestId"/);
      }
    });
  });
}

const MUTATION = 'mutation { markNotificationsRead(ids: ["1"]) { unreadCount } }';

const persisted = (sha256Hash: unknown, version = 1) => ({
  extensions: { persistedQuery: { version, sha256Hash } },
});

const search = (parameters: Record<string, unknown>): string =>
  `?${new URLSearchParams(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )}`;

const getBy = (
  { endpoint }: Environment,
  parameters: Record<string, unknown>,
  init: RequestInit = {},
) => fetch(endpoint + search(parameters), init);

const postJson = (
  { endpoint }: Environment,
  content: unknown,
  headers: Record<string, string> = AS_JSON,
) => fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(content) });

/** Asserts the same refusal twice, with a stored answer of the valid query in between. */
async function assertRefused(
  environment: Environment,
  label: string,
  send: () => Promise<Response>,
  { status, says }: { readonly status: number; readonly says: RegExp },
) {
  for (let n = 0; n < 2; n++) {
    const answer = await send();
    const text = await answer.text();
    assert.equal(answer.status, status, `${label}: ${text}`);
    assert.match(text, says, label);
    assert.match(text, /"requestId"/, label);
    assertNoStore(answer, label);
    assert.equal(answer.headers.get('age'), null, label);
    await (await getBy(environment, { query: QUERY })).text();
    await (await postJson(environment, persisted(hash('sha256', QUERY)))).text();
  }
}

for (const bff of [web, mobile]) {
  describe(`Refused request (${bff.name} BFF)`, () => {
    const environment = shareCached(bff);

    it('with a hash of another text gets 400, whichever of the texts has a stored answer', async () => {
      const other = '{ profile(id: "42") { id } }';
      await (await getBy(environment, { query: other })).text();
      const hashes = [
        hash('sha256', other),
        '0'.repeat(64),
        hash('sha256', QUERY).toUpperCase(),
        '',
      ];
      const refusal = { status: 400, says: /sha does not match|a sha256Hash/ };
      for (const sha256Hash of hashes) {
        const content = { query: QUERY, ...persisted(sha256Hash) };
        await assertRefused(
          environment,
          `GET ${sha256Hash}`,
          () => getBy(environment, content),
          refusal,
        );
        await assertRefused(
          environment,
          `POST ${sha256Hash}`,
          () => postJson(environment, content),
          refusal,
        );
      }
    });

    it('with a persistedQuery extension without a hash gets 400', async () => {
      const refusal = { status: 400, says: /a sha256Hash/ };
      for (const none of [undefined, null]) {
        const content = { query: QUERY, ...persisted(none) };
        await assertRefused(environment, `GET ${none}`, () => getBy(environment, content), refusal);
        await assertRefused(
          environment,
          `POST ${none}`,
          () => postJson(environment, content),
          refusal,
        );
      }
    });

    it('with an unknown hash gets PERSISTED_QUERY_NOT_FOUND until the text is known', async () => {
      const query = `# ${bff.name}\n${QUERY}`;
      const unknown = persisted(hash('sha256', query));
      const refusal = { status: 200, says: /"PERSISTED_QUERY_NOT_FOUND"/ };
      await assertRefused(environment, 'GET', () => getBy(environment, unknown), refusal);
      await assertRefused(environment, 'POST', () => postJson(environment, unknown), refusal);
      await (await postJson(environment, { query })).text();
      assert.match(await (await getBy(environment, unknown)).text(), /"data"/);
    });

    it('with malformed parameters gets the same error with and without a stored answer', async () => {
      const given: [parameters: Record<string, unknown>, says: RegExp][] = [
        [{ query: QUERY, variables: '[]' }, /variables/],
        [{ query: QUERY, variables: '{' }, /variables/],
        [{ query: QUERY, variables: '' }, /variables/],
        [{ query: QUERY, ...persisted(hash('sha256', QUERY), 2) }, /version/],
        [{ query: QUERY, operationName: 'Other' }, /Unknown operation/],
        [{ query: QUERY, operationName: '' }, /Unknown operation/],
        [{ query: '' }, /query/],
        [{}, /query/],
      ];
      for (const [parameters, says] of given) {
        const label = JSON.stringify(parameters);
        await assertRefused(environment, label, () => getBy(environment, parameters), {
          status: 400,
          says,
        });
      }
      const twice = () => fetch(`${environment.endpoint}${search({ query: QUERY })}&query=x`);
      await assertRefused(environment, 'twice', twice, { status: 400, says: /once/ });
    });

    it('with null as variables or extensions in the URL gets 400', async () => {
      for (const name of ['variables', 'extensions']) {
        const send = () => getBy(environment, { query: QUERY, [name]: 'null' });
        await assertRefused(environment, name, send, { status: 400, says: new RegExp(name) });
      }
    });

    it('with a lone surrogate in its text does not get the answer of the text with the replacement character', async () => {
      const stored = await postJson(environment, { query: `# \ufffd\n${QUERY}` });
      assert.equal(stored.status, 200);
      const send = () => postJson(environment, { query: `# \ud800\n${QUERY}` });
      await assertRefused(environment, 'text', send, { status: 400, says: /well-formed Unicode/ });
    });

    it('with an invalid token gets 401, however many answers are stored', async () => {
      const own = PRIVATE[bff.name as keyof typeof PRIVATE];
      const expired = await issueToken({ userId: CAST.customer, expiresIn: -60 });
      const good = await issueToken({ userId: CAST.customer });
      for (let n = 0; n < 2; n++) {
        for (const token of [expired, `${good.slice(0, -4)}AAAA`, 'of.good.news', '']) {
          const headers = { authorization: `Bearer ${token}` };
          for (const query of [QUERY, own]) {
            const got = await getBy(environment, { query }, { headers });
            const posted = await postJson(environment, { query }, { ...AS_JSON, ...headers });
            const known = await getBy(
              environment,
              { query },
              { headers: { ...headers, 'if-none-match': '*' } },
            );
            for (const { status } of [got, posted, known]) assert.equal(status, 401);
            assert.doesNotMatch(await got.text(), /"data"/);
          }
        }
        const headers = await authorization(CAST.customer);
        for (const query of [QUERY, own])
          await (await getBy(environment, { query }, { headers })).text();
      }
    });

    it('by a cross-site POST without preflight gets 415, with and without a stored answer', async () => {
      await get(environment, QUERY);
      const json = JSON.stringify({ query: QUERY });
      const bodies: Record<string, RequestInit> = {
        text: { headers: { 'content-type': 'text/plain' }, body: json },
        'text that says it is JSON': {
          headers: { 'content-type': 'text/plain; application/json' },
          body: json,
        },
        'text with a parameter': {
          headers: { 'content-type': 'text/plain; a=application/json' },
          body: json,
        },
        'a form': { body: new URLSearchParams({ query: QUERY }) },
        'a form in parts': {
          headers: { 'content-type': 'multipart/form-data; boundary=x' },
          body: `--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n${QUERY}\r\n--x--`,
        },
        'no type at all': { body: Buffer.from(json) },
      };
      for (const [what, init] of Object.entries(bodies)) {
        const answer = await fetch(environment.endpoint, { method: 'POST', ...init });
        assert.equal(answer.status, 415, what);
        assert.doesNotMatch(await answer.text(), /"data"/, what);
      }
      const inAddress = await get(environment, QUERY, { method: 'POST' });
      assert.equal(inAddress.status, 400);
      assert.doesNotMatch(await inAddress.text(), /"data"/);
    });

    it('over GET for a mutation gets 405 and calls no service', async () => {
      assert.equal((await getBy(environment, { query: QUERY })).status, 200);
      const headers = await authorization(CAST.customer);
      for (const method of ['GET', 'HEAD']) {
        const refused = await getBy(environment, { query: MUTATION }, { method, headers });
        assert.equal(refused.status, 405);
        assert.equal(refused.headers.get('allow'), 'POST');
        assertNoStore(refused, method);
        assert.equal(refused.headers.get('age'), null, method);
      }
      assert.deepEqual(
        environment.calls().map(({ operation }) => operation),
        ['announcements'],
      );
    });
  });
}

/** A query, its viewer, and a service operation that it needs. */
interface Case {
  readonly query: string;
  readonly as: TestViewer;
  readonly needs: readonly [service: keyof Environment['services'], operation: string];
}

const USERS = ['user', 'usersByIds'] as const;
const ANNOUNCEMENTS = ['notification', 'announcements'] as const;

const SHARED: readonly Case[] = [
  { query: '{ profile(id: "42") { id name } }', as: 'anonymous', needs: USERS },
  { query: '{ announcements { id } }', as: 'anonymous', needs: ANNOUNCEMENTS },
  { query: '{ announcements { id } profile(id: "42") { id } }', as: 'anonymous', needs: USERS },
];
const WEB: readonly Case[] = [
  {
    query: '{ recentOrders(first: 2) { id } }',
    as: 'staff',
    needs: ['order', 'recentOrders'],
  },
  { query: '{ recentOrders(first: 2) { id customer { id } } }', as: 'staff', needs: USERS },
  {
    query: '{ viewer { id user { name } unreadCount } }',
    as: CAST.customer,
    needs: ['notification', 'unreadByUsers'],
  },
];
const MOBILE: readonly Case[] = [
  {
    query: '{ dashboard { user { id } orders { id } unreadCount } }',
    as: CAST.customer,
    needs: ['order', 'ordersByUsers'],
  },
  {
    query: '{ dashboard { user { id } announcements { id } } }',
    as: 'staff',
    needs: ANNOUNCEMENTS,
  },
];

const FAULTS = [{ status: 500 }, { malformed: 'json' }, { malformed: 'types' }] as const;

async function getAs({ endpoint }: Environment, query: string, as: TestViewer = 'anonymous') {
  const headers = await authorization(as);
  const response = await fetch(`${endpoint}?${new URLSearchParams({ query })}`, { headers });
  return { response, text: await response.text() };
}

for (const [bff, own] of [
  [web, WEB],
  [mobile, MOBILE],
] as const) {
  const cases = [...SHARED, ...own];

  describe(`Failed answer (${bff.name} BFF)`, () => {
    const environment = shareCached(bff);

    for (const fault of FAULTS) {
      it(`is not stored, and complete once the service recovers: ${JSON.stringify(fault)}`, async () => {
        for (const { query, as, needs } of cases) {
          const [service, operation] = needs;
          const { control } = environment.services[service];
          control.faults({ [operation]: fault });
          for (let n = 0; n < 2; n++) {
            const { response, text } = await getAs(environment, query, as);
            assert.match(text, /"UPSTREAM_/, query);
            assert.equal(response.headers.get('cache-status'), 'frontdesk; fwd=uri-miss', query);
            assert.equal(response.headers.get('cache-control'), 'no-store', query);
            for (const name of ['etag', 'surrogate-key', 'cache-tag', 'age']) {
              assert.equal(response.headers.get(name), null, query);
            }
          }
          control.clear();
          // A circuit breaker may still be open.
          await until(async () => !(await getAs(environment, query, as)).text.includes('"errors"'));
          const { response } = await getAs(environment, query, as);
          assert.match(response.headers.get('cache-status') ?? '', /; hit;/, query);
        }
      });
    }

    it('does not replace the stored answer', async () => {
      for (const { query, as, needs } of cases) {
        const complete = await getAs(environment, query, as);
        const [service, operation] = needs;
        const { control } = environment.services[service];
        control.faults({ [operation]: { status: 500 } });
        const stored = await getAs(environment, query, as);
        assert.match(stored.response.headers.get('cache-status') ?? '', /; hit;/, query);
        assert.equal(stored.text, complete.text, query);
        control.clear();
      }
    });

    it('of a viewer without permission is not replaced by the stored answer of another viewer', async () => {
      for (const { query, as } of cases) {
        if (as === 'anonymous') continue;
        await getAs(environment, query, as);
        for (let n = 0; n < 2; n++) {
          const { response, text } = await getAs(environment, query);
          assert.match(text, /"errors"/, query);
          assert.equal(response.headers.get('cache-control'), 'no-store', query);
        }
      }
    });
  });

  describe(`Production mode (${bff.name} BFF)`, () => {
    const start = () => startEnvironment(bff, { ...CACHED, ...PRODUCTION });

    it('refuses introspection each time, by text and by hash', async () => {
      await using environment = await start();
      for (const query of [
        '{ __schema { types { name } } }',
        '{ announcements { id } __schema { description } }',
        'query Q { ...F } fragment F on Query { announcements { id } hidden: __schema { description } }',
        '{ announcements { id } __type(name: "User") { fields { name } } }',
      ]) {
        const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', query) } };
        for (let n = 0; n < 2; n++) {
          const got = await getAs(environment, query);
          assert.match(got.text, /"GRAPHQL_VALIDATION_FAILED"/, query);
          const posted = await environment.post({ query, extensions });
          const named = await environment.post({ extensions });
          assert.equal(named.body.errors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND', query);
          for (const { headers } of [got.response, posted, named]) {
            assert.equal(headers.get('cache-control'), 'no-store', query);
            assert.equal(headers.get('cache-status'), 'frontdesk; fwd=bypass', query);
          }
          for (const body of [JSON.parse(got.text), posted.body, named.body]) {
            assert.equal(body.data, undefined, query);
          }
        }
      }
    });

    it('answers hits with the bytes of the miss', async () => {
      await using environment = await start();
      const first = await getAs(environment, '{ announcements { id } }');
      const second = await getAs(environment, '{ announcements { id } }');
      assert.match(second.response.headers.get('cache-status') ?? '', /; hit;/);
      assert.equal(second.text, first.text);
    });
  });
}
