import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { buildSchema } from 'graphql';
import { issueToken, type TokenRequest } from '../../services/support/tokens.ts';
import { createPlanner } from '../../src/operations/index.ts';
import { createCostReader, STANDARD_LIMITS } from '../../src/operations/limits/index.ts';
import { toOperation } from '../../src/operations/operation.ts';
import {
  type AnyEnvironment,
  authorization,
  type Json,
  startEnvironment,
} from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { shareCached } from './shared-environment.ts';

const PRIVATE = ['{ viewer { member { id } } }', '{ home { member { id } } }'];

interface RequestOptions {
  readonly variables?: unknown;
  readonly operationName?: string | null;
  readonly languages?: string;
}

type Pair = readonly [query: string, first: RequestOptions, second: RequestOptions];

const ONE = 'query One($id: ID!) { member(id: $id) { id name } }';
const TWO = 'query ($a: ID!, $b: ID!) { a: member(id: $a) { name } b: member(id: $b) { name } }';
const DEFAULT = 'query ($id: ID! = "42") { member(id: $id) { name } }';
const NO_VARIABLES = 'query Named { member(id: "42") { name } }';
const BOTH = 'query A { member(id: "42") { name } } query B { member(id: "43") { name } }';

const EQUIVALENT: Readonly<Record<string, Pair>> = {
  'an ID as text or as a number': [ONE, { variables: { id: '42' } }, { variables: { id: 42 } }],
  'a default left out or given': [DEFAULT, {}, { variables: { id: '42' } }],
  'keys in another order': [
    TWO,
    { variables: { a: '42', b: '43' } },
    { variables: { b: '43', a: '42' } },
  ],
  'variables that the operation does not have': [
    ONE,
    { variables: { id: '42' } },
    { variables: { id: '42', other: { id: ['43'] } } },
  ],
  'variables for an operation without any': [NO_VARIABLES, {}, { variables: { id: '43' } }],
  'variables null, empty or missing': [NO_VARIABLES, { variables: null }, { variables: {} }],
  'the only operation named or not': [
    NO_VARIABLES,
    { operationName: 'Named' },
    { operationName: null },
  ],
  'the same language first, in another case and company': [
    NO_VARIABLES,
    { languages: 'pt-BR, de;q=0.5' },
    { languages: 'PT-br;q=0.3' },
  ],
  'no language that could be one': [NO_VARIABLES, { languages: '*' }, { languages: '1234' }],
};

const DIFFERENT: Readonly<Record<string, Pair>> = {
  'other variables': [ONE, { variables: { id: '42' } }, { variables: { id: '43' } }],
  'variables the other way round': [
    TWO,
    { variables: { a: '42', b: '43' } },
    { variables: { a: '43', b: '42' } },
  ],
  'another operation of the document': [BOTH, { operationName: 'A' }, { operationName: 'B' }],
  'another language first': [NO_VARIABLES, { languages: 'de, pt-BR' }, { languages: 'pt-BR, de' }],
  'a region more': [NO_VARIABLES, { languages: 'pt' }, { languages: 'pt-BR' }],
};

async function ask(
  environment: AnyEnvironment,
  query: string,
  { languages = 'en', ...options }: RequestOptions,
) {
  const answer = await environment.post({ query, ...options }, { 'accept-language': languages });
  assert.equal(answer.body.errors, undefined);
  return { cacheStatus: answer.headers.get('cache-status') ?? '', data: answer.body.data };
}

describe('Cache key', () => {
  const environment = shareCached(library);

  it('is the same for equivalent requests', async () => {
    for (const [label, [query, first, second]] of Object.entries(EQUIVALENT)) {
      const text = `# ${label}\n${query}`;
      const stored = await ask(environment, text, first);
      assert.match(stored.cacheStatus, /; stored$/, label);
      const again = await ask(environment, text, second);
      assert.match(again.cacheStatus, /; hit;/, label);
      assert.deepEqual(again.data, stored.data, label);
    }
  });

  it('differs for requests that can have different answers', async () => {
    for (const [label, [query, first, second]] of Object.entries(DIFFERENT)) {
      const text = `# ${label}\n${query}`;
      for (const options of [first, second]) {
        assert.match((await ask(environment, text, options)).cacheStatus, /; stored$/, label);
      }
      for (const options of [first, second]) {
        assert.match((await ask(environment, text, options)).cacheStatus, /; hit;/, label);
      }
    }
  });

  it('of a public answer is the same for all viewers', async () => {
    const query = '{ notices { id } }';
    assert.match((await environment.send(query)).headers.get('cache-status') ?? '', /; stored$/);
    for (const as of ['staff', CAST.reader, CAST.deleted, 'anonymous']) {
      const { headers } = await environment.send(query, { as });
      assert.match(headers.get('cache-status') ?? '', /; hit;/, as);
    }
  });

  it('of a private answer contains the viewer’s id and role', async () => {
    const viewers: TokenRequest[] = [
      { userId: '42', role: 'customer' },
      { userId: '43', role: 'customer' },
      { userId: '42', role: 'staff' },
    ];
    for (const outcome of [/; stored$/, /; hit;/]) {
      for (const viewer of viewers) {
        const headers = { authorization: `Bearer ${await issueToken(viewer)}` };
        for (const query of PRIVATE) {
          const answer = await environment.send(query, { headers });
          assert.match(answer.headers.get('cache-status') ?? '', outcome);
          const [self] = Object.values<Json>(answer.body.data);
          assert.equal(self.member.id, viewer.userId);
        }
      }
    }
  });

  it('of an answer for a role is the same for all viewers with that role only', async () => {
    const query = '{ recentLoans(first: 3) { id } }';
    const stored = await environment.send(query, { as: 'staff' });
    assert.match(stored.headers.get('cache-status') ?? '', /; stored$/);
    const colleague = await issueToken({ userId: '2', role: 'staff' });
    const shared = await environment.send(query, {
      headers: { authorization: `Bearer ${colleague}` },
    });
    assert.match(shared.headers.get('cache-status') ?? '', /; hit;/);
    assert.deepEqual(shared.body, stored.body);
    for (const headers of [{}, await authorization(CAST.librarian), await authorization('42')]) {
      const refused = await environment.send(query, { headers });
      assert.doesNotMatch(refused.headers.get('cache-status') ?? '', /hit/);
      assert.equal(refused.body.data.recentLoans, null);
    }
  });

  it('is the same for a single value and a list of one, and depends on the order of a list', () => {
    const schema = buildSchema('type Query { sum(of: [Int!]): Int }');
    const prepare = createPlanner({
      schema,
      policyOf: () => ({ maxAge: 60, scope: 'public', tags: [] }),
      costOf: createCostReader(schema, STANDARD_LIMITS.listSize),
      limits: STANDARD_LIMITS,
    });
    const operation = toOperation('query ($of: [Int!]) { sum(of: $of) }');
    const canonical = (of: unknown) =>
      prepare(operation, { operationName: undefined, variables: { of } }).canonical;
    assert.equal(canonical(1), canonical([1]));
    assert.notEqual(canonical([1, 2]), canonical([2, 1]));
    assert.throws(() => canonical(['1']), { code: 'BAD_USER_INPUT' });
  });
});

const TRANSPORTS = ['GET text', 'GET hash', 'POST text', 'POST hash'] as const;
type Transport = (typeof TRANSPORTS)[number];

/** The parameters of a request besides its text or hash. */
interface Parameters {
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

async function sendBy(
  { endpoint }: AnyEnvironment,
  transport: Transport,
  text: string,
  { variables, headers }: Parameters,
) {
  const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', text) } };
  const named = transport.endsWith('text') ? { query: text } : { extensions };
  return exchange(endpoint, transport.startsWith('GET'), { ...named, variables }, headers);
}

async function exchange(
  endpoint: string,
  isGet: boolean,
  content: Record<string, unknown>,
  headers: Record<string, string> = {},
) {
  const given = Object.entries(content).filter(([, value]) => value !== undefined);
  const texts = given.map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const response = isGet
    ? await fetch(`${endpoint}?${new URLSearchParams(texts)}`, { headers })
    : await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(content),
      });
  const status = response.headers.get('cache-status') ?? '';
  return { code: response.status, cacheStatus: status, text: await response.text() };
}

const sourceOf = (name: string, folder: URL) =>
  readFile(new URL(`${name}.graphql`, folder), 'utf8');

describe('Request transport', () => {
  const environment = shareCached(library);

  it('does not change the bytes of an answer, whichever stored it', async () => {
    const text = await sourceOf('MemberCard', library.operations);
    for (const [n, first] of TRANSPORTS.entries()) {
      const rest = { variables: { id: String(20 + n) } };
      const stored = await sendBy(environment, first, text, rest);
      assert.match(stored.cacheStatus, /; stored$/, first);
      assert.match(stored.text, new RegExp(`^{"data":{"member":{"id":"${20 + n}","name":"`));
      for (const transport of TRANSPORTS) {
        const again = await sendBy(environment, transport, text, rest);
        assert.match(again.cacheStatus, /; hit;/, `${first}, then ${transport}`);
        assert.equal(again.text, stored.text, `${first}, then ${transport}`);
      }
    }
    assert.equal(environment.calls().length, TRANSPORTS.length);
  });

  it('does not change who gets a private answer', async () => {
    const text = await sourceOf(library.example, library.operations);
    const mine = await authorization(CAST.reader);
    const stored = await sendBy(environment, 'POST hash', text, { headers: mine });
    assert.match(stored.cacheStatus, /; stored$/);
    for (const transport of TRANSPORTS) {
      const again = await sendBy(environment, transport, text, { headers: mine });
      assert.match(again.cacheStatus, /; hit;/, transport);
      assert.equal(again.text, stored.text, transport);
      const others = await sendBy(environment, transport, text, {
        headers: await authorization('staff'),
      });
      assert.notEqual(others.text, stored.text, transport);
    }
  });

  it('can be the hash alone after the text was sent with its hash once', async () => {
    for (const isGet of [true, false]) {
      const query = `{ notices { id title } } # GET: ${isGet}`;
      const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', query) } };
      const unknown = await exchange(environment.endpoint, isGet, { extensions });
      assert.match(unknown.text, /"PERSISTED_QUERY_NOT_FOUND"/);
      const stored = await exchange(environment.endpoint, isGet, { query, extensions });
      assert.match(stored.cacheStatus, /; stored$/);
      for (const transport of TRANSPORTS) {
        const again = await sendBy(environment, transport, query, {});
        assert.match(again.cacheStatus, /; hit;/, transport);
        assert.equal(again.text, stored.text, transport);
      }
    }
  });

  it('may carry other parameters, which do not change the stored answer', async () => {
    const query = '{ notices { id } }';
    const stored = await exchange(environment.endpoint, true, { query });
    for (const isGet of [true, false]) {
      const more = { extensions: { other: 1 }, id: '1', operationName: undefined };
      const again = await exchange(environment.endpoint, isGet, { ...more, query });
      assert.match(again.cacheStatus, /; hit;/);
      assert.equal(again.text, stored.text);
    }
  });

  it('does not change the answers of a BFF without a cache, which stores none', async () => {
    await using uncached = await startEnvironment(library);
    const query = '{ notices { id title } }';
    const stored = await exchange(environment.endpoint, true, { query });
    for (let n = 0; n < 2; n++) {
      const made = await exchange(uncached.endpoint, true, { query });
      assert.equal(made.cacheStatus, 'frontdesk; fwd=uri-miss');
      assert.equal(made.text, stored.text);
    }
  });
});
