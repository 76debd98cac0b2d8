import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { issueToken } from '../../services/support/tokens.ts';
import {
  type AnyEnvironment,
  authorization,
  startEnvironment,
  type TestViewer,
} from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { PRODUCTION } from '../support/production.ts';
import { until } from '../support/until.ts';
import { CACHED, get, post, urlOf } from './environment.ts';
import type { Library } from './queries.ts';
import { shareCached } from './shared-environment.ts';

const QUERY = '{ notices { id } }';
const PRIVATE = '{ viewer { member { id } } }';
const MUTATION = 'mutation { returnLoan(id: "1") { loan { id } } }';
const AS_JSON = { 'content-type': 'application/json' };

/** Asserts that no header allows a cache to store the answer. */
function assertNoStore({ headers }: Response, label: string): void {
  assert.equal(headers.get('cache-control'), 'no-store', label);
  for (const name of ['etag', 'surrogate-key', 'cache-tag']) {
    assert.equal(headers.get(name), null, `${label}: ${name}`);
  }
}

describe('no-store', () => {
  const environment = shareCached(library);

  it('is sent with every answer to a POST, misses and hits', async () => {
    for (const query of [
      QUERY,
      PRIVATE,
      MUTATION,
      '{ __typename }',
      '{ member(id: "0") { id } }',
    ]) {
      for (let n = 0; n < 2; n++) {
        const answer = await post(environment, { query }, await authorization(CAST.reader));
        assert.equal(answer.status, 200, await answer.clone().text());
        assertNoStore(answer, `${query} ${n}`);
      }
    }
  });

  it('is sent with every answer that has errors or is never stored', async () => {
    for (const query of [
      '{ member(id: "99999") { id } }',
      '{ member(id: "42") { id } other: member(id: "99999") { id } }',
      '{ member(id: "not an id") { id } }',
      PRIVATE,
      '{ nothing }',
      '{ notices { id ',
      'subscription { x }',
      'mutation { __typename }',
      '{ member(id: "42") { id } __schema { description } }',
      '{ __typename }',
      '{ __type(name: "Member") { name } }',
    ]) {
      for (let n = 0; n < 2; n++) assertNoStore(await get(environment, query), query);
    }
  });

  it('is sent with requests that are refused before they are parsed', async () => {
    const { endpoint, url } = environment;
    const text = JSON.stringify({ query: QUERY });
    const postText = (body: string, headers: Record<string, string>) =>
      fetch(endpoint, { method: 'POST', headers, body });
    const form = 'application/x-www-form-urlencoded';
    const refused: Record<string, [status: number, answer: Response]> = {
      'an invalid token': [401, await get(environment, QUERY, { authorization: 'Bearer x' })],
      'a malformed time limit': [
        400,
        await get(environment, QUERY, { 'x-request-timeout-ms': 'soon' }),
      ],
      'another address': [404, await fetch(`${url}/nothing`)],
      'the address with a slash': [404, await fetch(`${endpoint}/?query=${QUERY}`)],
      PUT: [405, await fetch(urlOf(environment, QUERY), { method: 'PUT' })],
      PATCH: [405, await fetch(urlOf(environment, QUERY), { method: 'PATCH' })],
      DELETE: [405, await fetch(urlOf(environment, QUERY), { method: 'DELETE' })],
      text: [415, await postText(text, { 'content-type': 'text/plain' })],
      'a form': [415, await postText(`query=${QUERY}`, { 'content-type': form })],
      'half of a body': [400, await postText('{"query":', AS_JSON)],
      'too much': [413, await postText(`"${'x'.repeat(2_000_000)}"`, AS_JSON)],
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
      const answer = await fetch(urlOf(environment, QUERY), { method });
      assert.equal(answer.status, 405);
      assertNoStore(answer, method);
      assert.equal(answer.headers.get('allow'), 'GET, HEAD, POST');
      assert.match(await answer.text(), /"BAD_REQUEST".*"requestId"/);
    }
  });
});

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
  { endpoint }: AnyEnvironment,
  parameters: Record<string, unknown>,
  init: RequestInit = {},
) => fetch(endpoint + search(parameters), init);

/** Asserts the same refusal twice, with a stored answer of the valid query in between. */
async function assertRefused(
  environment: AnyEnvironment,
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
    await (await post(environment, persisted(hash('sha256', QUERY)))).text();
  }
}

describe('Refused request', () => {
  const environment = shareCached(library);

  it('with a hash of another text gets 400, whichever of the texts has a stored answer', async () => {
    const other = '{ member(id: "42") { id } }';
    await (await getBy(environment, { query: other })).text();
    const hashes = [hash('sha256', other), '0'.repeat(64), hash('sha256', QUERY).toUpperCase(), ''];
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
        () => post(environment, content),
        refusal,
      );
    }
  });

  it('with a persistedQuery extension without a hash gets 400', async () => {
    const refusal = { status: 400, says: /a sha256Hash/ };
    for (const none of [undefined, null]) {
      const content = { query: QUERY, ...persisted(none) };
      await assertRefused(environment, `GET ${none}`, () => getBy(environment, content), refusal);
      await assertRefused(environment, `POST ${none}`, () => post(environment, content), refusal);
    }
  });

  it('with an unknown hash gets PERSISTED_QUERY_NOT_FOUND until the text is known', async () => {
    const query = `# unknown\n${QUERY}`;
    const unknown = persisted(hash('sha256', query));
    const refusal = { status: 200, says: /"PERSISTED_QUERY_NOT_FOUND"/ };
    await assertRefused(environment, 'GET', () => getBy(environment, unknown), refusal);
    await assertRefused(environment, 'POST', () => post(environment, unknown), refusal);
    await (await post(environment, { query })).text();
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
    const stored = await post(environment, { query: `# \ufffd\n${QUERY}` });
    assert.equal(stored.status, 200);
    const send = () => post(environment, { query: `# \ud800\n${QUERY}` });
    await assertRefused(environment, 'text', send, { status: 400, says: /well-formed Unicode/ });
  });

  it('with an invalid token gets 401, however many answers are stored', async () => {
    const expired = await issueToken({ userId: CAST.reader, expiresIn: -60 });
    const good = await issueToken({ userId: CAST.reader });
    for (let n = 0; n < 2; n++) {
      for (const token of [expired, `${good.slice(0, -4)}AAAA`, 'of.good.news', '']) {
        const headers = { authorization: `Bearer ${token}` };
        for (const query of [QUERY, PRIVATE]) {
          const got = await getBy(environment, { query }, { headers });
          const posted = await post(environment, { query }, headers);
          const known = await getBy(
            environment,
            { query },
            { headers: { ...headers, 'if-none-match': '*' } },
          );
          for (const { status } of [got, posted, known]) assert.equal(status, 401);
          assert.doesNotMatch(await got.text(), /"data"/);
        }
      }
      const headers = await authorization(CAST.reader);
      for (const query of [QUERY, PRIVATE])
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
    const inAddress = await fetch(urlOf(environment, QUERY), { method: 'POST' });
    assert.equal(inAddress.status, 400);
    assert.doesNotMatch(await inAddress.text(), /"data"/);
  });

  it('over GET for a mutation gets 405 and calls no service', async () => {
    assert.equal((await getBy(environment, { query: QUERY })).status, 200);
    const headers = await authorization(CAST.reader);
    for (const method of ['GET', 'HEAD']) {
      const refused = await getBy(environment, { query: MUTATION }, { method, headers });
      assert.equal(refused.status, 405);
      assert.equal(refused.headers.get('allow'), 'POST');
      assertNoStore(refused, method);
      assert.equal(refused.headers.get('age'), null, method);
    }
    assert.deepEqual(
      environment.calls().map(({ operation }) => operation),
      ['notices'],
    );
  });
});

/** A query, its viewer, and a service operation that it needs. */
interface Case {
  readonly query: string;
  readonly as: TestViewer;
  readonly needs: readonly [service: keyof Library['services'], operation: string];
}

const CARDS = ['member', 'membersByIds'] as const;
const NOTICES = ['lending', 'notices'] as const;

const CASES: readonly Case[] = [
  { query: '{ member(id: "42") { id name } }', as: 'anonymous', needs: CARDS },
  { query: '{ notices { id } }', as: 'anonymous', needs: NOTICES },
  { query: '{ notices { id } member(id: "42") { id } }', as: 'anonymous', needs: CARDS },
  {
    query: '{ recentLoans(first: 2) { id } }',
    as: 'staff',
    needs: ['lending', 'recentLoans'],
  },
  { query: '{ recentLoans(first: 2) { id borrower { id } } }', as: 'staff', needs: CARDS },
  {
    query: '{ viewer { id member { name } activeCount } }',
    as: CAST.reader,
    needs: ['lending', 'activeCounts'],
  },
  {
    query: '{ home { member { id } loans { id } activeCount } }',
    as: CAST.reader,
    needs: ['lending', 'loansByMembers'],
  },
  {
    query: '{ home { member { id } notices { id } } }',
    as: 'staff',
    needs: NOTICES,
  },
];

const FAULTS = [{ status: 500 }, { malformed: 'json' }, { malformed: 'types' }] as const;

async function getAs(environment: AnyEnvironment, query: string, as: TestViewer = 'anonymous') {
  const response = await get(environment, query, await authorization(as));
  return { response, text: await response.text() };
}

describe('Failed answer', () => {
  const environment = shareCached(library);

  for (const fault of FAULTS) {
    it(`is not stored, and complete once the service recovers: ${JSON.stringify(fault)}`, async () => {
      for (const { query, as, needs } of CASES) {
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
    for (const { query, as, needs } of CASES) {
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
    for (const { query, as } of CASES) {
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

describe('Production mode', () => {
  const start = () => startEnvironment(library, { ...CACHED, ...PRODUCTION });

  it('refuses introspection each time, by text and by hash', async () => {
    await using environment = await start();
    for (const query of [
      '{ __schema { types { name } } }',
      '{ notices { id } __schema { description } }',
      'query Q { ...F } fragment F on Query { notices { id } hidden: __schema { description } }',
      '{ notices { id } __type(name: "Member") { fields { name } } }',
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
    const first = await getAs(environment, '{ notices { id } }');
    const second = await getAs(environment, '{ notices { id } }');
    assert.match(second.response.headers.get('cache-status') ?? '', /; hit;/);
    assert.equal(second.text, first.text);
  });
});
