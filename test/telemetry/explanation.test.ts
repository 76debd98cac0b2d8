import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTokenIssuer } from '../attack/token-issuer.ts';
import { authorization, type Json, type RequestOptions } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { shareOneCall } from '../support/pipelined.ts';
import { until } from '../support/until.ts';

const ASKS = { 'graphql-explain': '1' };
const HOME = 'query Home { home { member { name } loans { title } } }';
const MEMBER = '{ member(id: "42") { name } }';
const NOTICES = '{ notices { title } }';

const startDevelopment = (env: NodeJS.ProcessEnv = {}) =>
  startLibrary({ NODE_ENV: 'development', ...env });

/** Sends an operation, and returns the explanation of its response. */
async function explain(
  environment: LibraryEnvironment,
  query: string,
  options: RequestOptions = {},
): Promise<Json> {
  const { body } = await environment.send(query, {
    ...options,
    headers: { ...ASKS, ...options.headers },
  });
  assert.ok(body.extensions?.explain, JSON.stringify(body));
  return body.extensions.explain;
}

/** The parts of a call that do not depend on the time. */
const describeCall = ({ upstream, operation, attempt, circuit, outcome, isSent }: Json) =>
  `${upstream}.${operation} ${isSent ? attempt : 'not sent'} ${circuit} ${outcome}`;

describe('The explanation of a response', () => {
  it('has the phases, every call, the source of the response and the cost', async () => {
    await using environment = await startDevelopment({ CACHE_MEMORY_MB: '16' });
    const explained = await explain(environment, HOME, { as: CAST.reader });
    const { operation, viewer, durationMs, phases, calls, cache, refusals, cost } = explained;
    assert.deepEqual([operation.type, operation.name, viewer], ['query', 'Home', 'customer']);
    assert.match(operation.hash, /^[\da-f]{64}$/);
    assert.deepEqual(
      phases.map(({ name }: Json) => name),
      [
        'receive',
        'authenticate',
        'check-rate-limit',
        'admit',
        'resolve-operation',
        'prepare',
        'authorize-operation',
        'charge',
        'look-up',
        'execute',
      ],
    );
    const execution = phases.at(-1);
    for (const span of [...phases, ...calls])
      assert.ok(span.startMs >= 0 && span.startMs + span.durationMs <= durationMs + 0.02);

    assert.deepEqual(calls.map(describeCall).sort(), [
      'lending.loansByMembers 1 closed ok',
      'member.membersByIds 1 closed ok',
    ]);
    for (const { startMs, queuedMs, keys, sharedWith, instance } of calls) {
      assert.ok(queuedMs >= 0 && startMs - queuedMs >= execution.startMs - 0.02);
      assert.deepEqual({ keys, sharedWith, instance }, { keys: 1, sharedWith: 0, instance: 1 });
    }
    const { status, scope, maxAge, tags } = cache;
    assert.deepEqual({ status, scope, maxAge }, { status: 'stored', scope: 'user', maxAge: 30 });
    assert.ok(tags.includes('Query.home') && tags.includes(`Member:${CAST.reader}`));
    assert.deepEqual(refusals, []);
    assert.deepEqual(cost, { requested: 7, limit: library.limits.cost });
  });

  it('is that of a hit if the response was stored, whose bytes have no explanation', async () => {
    await using environment = await startDevelopment({ CACHE_MEMORY_MB: '16' });
    const first = await environment.send(HOME, { as: CAST.reader, headers: ASKS });
    const stored = await environment.send(HOME, { as: CAST.reader });
    assert.match(stored.headers.get('cache-status') ?? '', /hit/);
    assert.deepEqual(stored.body, { data: first.body.data });

    const explained = await environment.send(HOME, { as: CAST.reader, headers: ASKS });
    assert.deepEqual(explained.body.data, stored.body.data);
    const { calls, cache, phases } = explained.body.extensions.explain;
    assert.deepEqual([calls, cache.status, cache.notStored], [[], 'hit', undefined]);
    assert.ok(Number.isInteger(cache.ageSeconds) && cache.tags.includes('Query.home'));
    assert.equal(phases.at(-1).name, 'look-up');
    assert.match(explained.headers.get('cache-status') ?? '', /hit/);
  });

  it('names the reason for which a response was not stored', async () => {
    await using environment = await startDevelopment({ CACHE_MEMORY_MB: '16' });
    const headers = { 'cache-control': 'no-store' };
    const { cache } = await explain(environment, HOME, { as: CAST.reader, headers });
    assert.deepEqual([cache.status, cache.notStored], ['request', 'request']);
    const rename = 'mutation { renameMember(name: "Ada") { member { name } } }';
    const changed = await explain(environment, rename, { as: CAST.reader });
    assert.deepEqual([changed.cache.status, changed.cache.notStored], ['bypass', 'policy']);
    assert.ok(changed.calls.map(describeCall).includes('member.renameMember 1 closed ok'));
  });

  it('says how many requests shared a batch', async () => {
    await using environment = await startDevelopment();
    const { bodies } = await shareOneCall(environment, ASKS);
    assert.equal(bodies.length, 2);
    for (const { extensions } of bodies) {
      const [call, ...others] = extensions.explain.calls;
      assert.deepEqual(others, []);
      assert.deepEqual([call.keys, call.sharedWith, call.attempt], [2, 1, 1]);
    }
  });

  it('has a call that was in flight already, for a request that does not ask', async () => {
    await using environment = await startDevelopment({ UPSTREAM_ATTEMPT_TIMEOUT_MS: '2500' });
    const query = '{ home { notices { title } } }';
    environment.services.lending.control.faults({ notices: { delayMs: 1_000 } });
    const first = environment.send(query, { as: CAST.reader });
    await until(() => environment.calls().length > 0);
    const { calls } = await explain(environment, query, { as: CAST.otherReader });
    const [{ startMs, queuedMs, sharedWith, keys }] = calls;
    assert.deepEqual([calls.length, queuedMs, sharedWith, keys], [1, 0, 1, undefined]);
    assert.ok(startMs < 0, 'it was sent before the request arrived');
    assert.equal((await first).body.extensions, undefined);
  });

  it('has the rule that refused a field, and why', async () => {
    await using environment = await startDevelopment();
    const query = `query ($id: ID!) {
      staffOnly: recentLoans(first: 1) { title }
      notices { title }
      member(id: $id) { name loans(first: 1) { edges { node { title } } } }
    }`;
    const variables = { id: CAST.otherReader };
    // The third execution is a compiled one.
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { refusals } = await explain(environment, query, { as: CAST.reader, variables });
      assert.deepEqual(
        refusals.toSorted((a: Json, b: Json) => a.field.localeCompare(b.field)),
        [
          {
            path: ['member', 'loans'],
            field: 'Member.loans',
            allows: { viewers: 'the owner, staff', scopes: ['orders:read'] },
            code: 'NOT_FOUND',
            reason: 'There is no such member.',
          },
          {
            path: ['staffOnly'],
            field: 'Query.recentLoans',
            allows: { viewers: 'staff', scopes: ['orders:read'] },
            code: 'FORBIDDEN',
            reason: 'This is for staff only.',
          },
        ],
      );
    }
  });

  it('has no refusal for what is missing, or fails after its rule has allowed it', async () => {
    await using environment = await startDevelopment();
    environment.services.lending.control.faults({ recentLoans: { status: 503 } });
    const query = '{ recentLoans(first: 1) { title } loan(id: "999999") { title } }';
    const { refusals } = await explain(environment, query, { as: 'staff' });
    assert.deepEqual(refusals, []);
  });

  it('has no refusal of a rule that can not be decided because an upstream fails', async () => {
    await using environment = await startDevelopment();
    environment.services.lending.control.faults({ '*': { status: 503 } });
    const { body } = await environment.send('{ loan(id: "1") { title } }', {
      as: CAST.reader,
      headers: ASKS,
    });
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    assert.deepEqual(body.extensions.explain.refusals, []);
  });

  it('has each attempt of a call that was repeated', async () => {
    await using environment = await startDevelopment();
    environment.services.member.control.faults({ '*': { status: 503 } });
    const { calls, cache } = await explain(environment, MEMBER);
    assert.deepEqual(calls.map(describeCall), [
      'member.membersByIds 1 closed status',
      'member.membersByIds 2 closed status',
    ]);
    const [first, second] = calls;
    const pause = second.startMs - first.startMs - first.durationMs;
    assert.ok(Math.abs(second.queuedMs - pause) < 0.05, `${second.queuedMs}, not ${pause}`);
    assert.equal(cache.notStored, 'errors');
  });

  it('has what an open circuit refused, and the call that tests it later', async () => {
    await using environment = await startDevelopment();
    const { member } = environment.services;
    member.control.faults({ '*': { status: 503 } });
    let refused: Json;
    await until(async () => {
      [refused] = (await explain(environment, MEMBER)).calls;
      return !refused.isSent;
    });
    assert.equal(describeCall(refused), 'member.membersByIds not sent open refused');
    assert.equal(refused.instance, undefined);
    member.control.clear();
    await until(async () => {
      [refused] = (await explain(environment, MEMBER)).calls;
      return refused.isSent;
    });
    assert.equal(describeCall(refused), 'member.membersByIds 1 half-open ok');
  });

  it('is never stored by browsers or edges, and depends on nothing that they know', async () => {
    await using environment = await startDevelopment({ CACHE_MEMORY_MB: '16' });
    const url = `${environment.endpoint}?query=${encodeURIComponent(NOTICES)}`;
    const get = async (headers: Record<string, string>) => {
      const response = await fetch(url, { headers });
      return { headers: response.headers, body: (await response.json()) as Json };
    };
    const explained = await get(ASKS);
    assert.equal(explained.headers.get('cache-control'), 'no-store');
    assert.equal(explained.headers.get('etag'), null);
    assert.equal(explained.headers.get('cache-tag'), null);
    assert.equal(explained.body.extensions.explain.cache.scope, 'public');

    const plain = await get({});
    assert.match(plain.headers.get('cache-control') ?? '', /^public/);
    assert.equal(plain.body.extensions, undefined);
    const etag = plain.headers.get('etag') ?? '';
    assert.equal(
      (await get({ ...ASKS, 'if-none-match': etag })).body.data.notices.length > 0,
      true,
    );
  });

  it('is refused to an array of operations', async () => {
    await using environment = await startDevelopment({ BATCH_MAX_OPERATIONS: '5' });
    const batch = [{ query: MEMBER }, { query: NOTICES }];
    const { status, body } = await environment.post(batch, ASKS);
    assert.deepEqual([status, body.errors[0].extensions.code], [400, 'BAD_REQUEST']);
    assert.match(body.errors[0].message, /GraphQL-Explain/);
  });

  it('is in no response whose client does not ask for it with a 1', async () => {
    await using environment = await startDevelopment();
    for (const headers of [{}, { 'graphql-explain': '0' }, { 'graphql-timing': 'report' }]) {
      const { body } = await environment.send(MEMBER, { headers });
      assert.deepEqual(Object.keys(body), ['data']);
    }
  });
});

describe('The explanation of a response outside of development', () => {
  for (const [who, as] of [
    ['customers', CAST.reader],
    ['anonymous clients', 'anonymous'],
  ] as const) {
    it(`is not sent to ${who}, whose response is as without it`, async () => {
      await using environment = await startLibrary({
        CACHE_MEMORY_MB: '16',
        BATCH_MAX_OPERATIONS: '5',
      });
      const plain = await environment.send(NOTICES, { as });
      const asked = await environment.send(NOTICES, { as, headers: ASKS });
      assert.deepEqual(asked.body, plain.body);
      assert.match(asked.headers.get('cache-status') ?? '', /hit/);
      const batch = await environment.post([{ query: MEMBER }], {
        ...ASKS,
        ...(await authorization(as)),
      });
      assert.equal(batch.status, 200);
    });
  }

  it('is sent to staff, also in production, with the number of each instance and no address', async () => {
    await using issuer = await startTokenIssuer();
    await using environment = await startLibrary({
      NODE_ENV: 'production',
      OPERATIONS: 'any',
      ...issuer.env,
    });
    const sendAs = async (role: string) => {
      const authorization = `Bearer ${await issuer.sign({ role })}`;
      return environment.send(MEMBER, { headers: { ...ASKS, authorization } });
    };
    const { body } = await sendAs('staff');
    const { calls, viewer } = body.extensions.explain;
    assert.deepEqual(calls.map(describeCall), ['member.membersByIds 1 closed ok']);
    assert.deepEqual([calls[0].instance, viewer], [1, 'staff']);
    assert.doesNotMatch(JSON.stringify(body), /127\.0\.0\.1|http:/);
    assert.deepEqual((await sendAs('customer')).body, { data: body.data });
  });

  it('has the address of each instance in development only', async () => {
    await using environment = await startDevelopment();
    const [{ address }] = (await explain(environment, MEMBER)).calls;
    assert.equal(address, environment.addresses.MEMBER_SERVICE_URL);
  });
});
