import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSchema } from 'graphql';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { issueToken, type TokenRequest } from '../../services/user/tokens.ts';
import { createPlanner } from '../../src/operations/index.ts';
import { createCostReader, STANDARD_LIMITS } from '../../src/operations/limits/index.ts';
import { toOperation } from '../../src/operations/operation.ts';
import { authorization, type Json, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };

const SELF: Readonly<Record<string, string>> = {
  web: '{ viewer { user { id } } }',
  mobile: '{ dashboard { user { id } } }',
};

interface Asked {
  readonly variables?: unknown;
  readonly operationName?: string | null;
  readonly languages?: string;
}

type Pair = readonly [query: string, first: Asked, second: Asked];

const ONE = 'query One($id: ID!) { profile(id: $id) { id name } }';
const TWO = 'query ($a: ID!, $b: ID!) { a: profile(id: $a) { name } b: profile(id: $b) { name } }';
const DEFAULT = 'query ($id: ID! = "42") { profile(id: $id) { name } }';
const NO_VARIABLES = 'query Named { profile(id: "42") { name } }';
const BOTH = 'query A { profile(id: "42") { name } } query B { profile(id: "43") { name } }';

const SAME: Readonly<Record<string, Pair>> = {
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

async function ask(world: World, query: string, { languages = 'en', ...asked }: Asked) {
  const answer = await world.post({ query, ...asked }, { 'accept-language': languages });
  assert.equal(answer.body.errors, undefined);
  return { how: answer.headers.get('cache-status') ?? '', data: answer.body.data };
}

for (const bff of [web, mobile]) {
  test(`${bff.name}: what is spelled differently but means the same has one answer`, async () => {
    await using world = await startWorld(bff, CACHED);
    for (const [what, [query, first, second]] of Object.entries(SAME)) {
      const text = `# ${what}\n${query}`;
      const stored = await ask(world, text, first);
      assert.match(stored.how, /; stored$/, what);
      const again = await ask(world, text, second);
      assert.match(again.how, /; hit;/, what);
      assert.deepEqual(again.data, stored.data, what);
    }
  });

  test(`${bff.name}: what may mean something else has an answer of its own`, async () => {
    await using world = await startWorld(bff, CACHED);
    for (const [what, [query, first, second]] of Object.entries(DIFFERENT)) {
      const text = `# ${what}\n${query}`;
      for (const asked of [first, second]) {
        assert.match((await ask(world, text, asked)).how, /; stored$/, what);
      }
      for (const asked of [first, second]) {
        assert.match((await ask(world, text, asked)).how, /; hit;/, what);
      }
    }
  });

  test(`${bff.name}: what everyone may see has one answer, whoever asks`, async () => {
    await using world = await startWorld(bff, CACHED);
    const query = '{ announcements { id } }';
    assert.match((await world.ask(query)).headers.get('cache-status') ?? '', /; stored$/);
    for (const as of ['staff', CAST.customer, CAST.deleted, 'anonymous']) {
      const { headers } = await world.ask(query, { as });
      assert.match(headers.get('cache-status') ?? '', /; hit;/, as);
    }
  });

  test(`${bff.name}: a viewer's own has an answer for each viewer, by id and role`, async () => {
    await using world = await startWorld(bff, CACHED);
    const people: TokenRequest[] = [
      { userId: '42', role: 'customer' },
      { userId: '43', role: 'customer' },
      { userId: '42', role: 'staff' },
    ];
    for (const outcome of [/; stored$/, /; hit;/]) {
      for (const person of people) {
        const headers = { authorization: `Bearer ${await issueToken(person)}` };
        const answer = await world.ask(SELF[bff.name] ?? '', { headers });
        assert.match(answer.headers.get('cache-status') ?? '', outcome);
        const [self] = Object.values<Json>(answer.body.data);
        assert.equal(self.user.id, person.userId);
      }
    }
  });
}

test('what a role may see has one answer for all who have it, and none for others', async () => {
  await using world = await startWorld(web, CACHED);
  const query = '{ recentOrders(first: 3) { id } }';
  const stored = await world.ask(query, { as: 'staff' });
  assert.match(stored.headers.get('cache-status') ?? '', /; stored$/);
  const colleague = await issueToken({ userId: '2', role: 'staff' });
  const shared = await world.ask(query, { headers: { authorization: `Bearer ${colleague}` } });
  assert.match(shared.headers.get('cache-status') ?? '', /; hit;/);
  assert.deepEqual(shared.body, stored.body);
  for (const headers of [{}, await authorization(CAST.staff), await authorization('42')]) {
    const refused = await world.ask(query, { headers });
    assert.doesNotMatch(refused.headers.get('cache-status') ?? '', /hit/);
    assert.equal(refused.body.data.recentOrders, null);
  }
});

test('a single value stands for a list of one, and a list keeps its order', () => {
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
