import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestResponse } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import {
  assertCached,
  outcomeOf,
  type Query,
  send,
  sendAbortable,
  sendAll,
  signIn,
  startGatedEnvironment,
} from './environment.ts';
import {
  borrow,
  type GatedLibrary,
  HOME,
  LOANS,
  NOTICES,
  OTHER_READER,
  READER,
} from './queries.ts';
import { shareEnvironment, shareGated } from './shared-environment.ts';

const ACTIVE_COUNTS = /^\/active/;
const NOTICES_PATH = /^\/notices/;
const LOANS_OF_MEMBERS = /^\/loans\?members=/;

const outcomes = (answers: readonly TestResponse[]) => answers.map(outcomeOf).sort();
const repeat = (count: number, query: Query): Query[] => Array.from({ length: count }, () => query);
const calledOperations = (environment: GatedLibrary) =>
  environment
    .calls()
    .map(({ operation }) => operation)
    .sort();

/**
 * The reader's home query.
 * @param timeoutMs - the client's deadline
 */
async function homeQuery(environment: GatedLibrary, timeoutMs?: number): Promise<Query> {
  const headers = await signIn(environment, READER);
  if (timeoutMs) headers['x-request-timeout-ms'] = String(timeoutMs);
  return { query: HOME.home, headers };
}

describe('Concurrent equal requests', () => {
  const environment = shareGated(library);

  it('are executed once, and all get the same answer', async () => {
    const query = await homeQuery(environment);
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const { answers } = await sendAll(environment, ...repeat(20, query));
    held.release();
    const all = await answers;
    assert.deepEqual(outcomes(all), [...Array(19).fill('collapsed'), 'stored']);
    assert.equal(new Set(all.map(({ body }) => JSON.stringify(body))).size, 1);
    assert.deepEqual(calledOperations(environment), [
      'activeCounts',
      'loansByMembers',
      'membersByIds',
      'notices',
    ]);
  });

  it('for a public answer are executed once also without a cache', async () => {
    await using environment = await startGatedEnvironment(library, { CACHE_MEMORY_MB: '0' });
    const held = environment.gates.lending.hold(NOTICES_PATH);
    const { answers } = await sendAll(environment, ...repeat(3, NOTICES));
    held.release();
    assert.deepEqual(outcomes(await answers), ['collapsed', 'collapsed', 'not stored']);
    assert.equal(outcomeOf(await send(environment, NOTICES)), 'not stored');
    assert.equal(environment.calls().length, 2);
  });

  it('of different users or roles are executed separately', async () => {
    const queries: Query[] = [];
    for (const as of [READER, OTHER_READER, '1', 'staff'] as const) {
      queries.push({ query: LOANS.loans, headers: await signIn(environment, as) });
    }
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const { answers } = await sendAll(environment, ...queries, ...queries);
    held.release();
    const all = await answers;
    assert.deepEqual(outcomes(all), [...Array(4).fill('collapsed'), ...Array(4).fill('stored')]);
    const bodies = all.map(({ body }) => JSON.stringify(body));
    assert.deepEqual(bodies.slice(0, 4), bodies.slice(4));
    assert.notEqual(bodies[0], bodies[1]);
  });

  it('get no shared answer from a service that calls its response private', async () => {
    environment.gates.lending.setHeaders(() => ({
      'cache-control': 'private, max-age=60',
    }));
    const held = environment.gates.lending.hold(NOTICES_PATH);
    const { answers } = await sendAll(environment, ...repeat(3, NOTICES));
    held.release();
    for (const answer of [...(await answers), await send(environment, NOTICES)]) {
      assert.equal(outcomeOf(answer), 'not stored');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
  });

  it('do not share errors: the followers execute themselves', async () => {
    const query = await homeQuery(environment);
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const { control } = environment.services.lending;
    // A 501 is not retried.
    control.faults({ activeCounts: { status: 501 } });
    const { answers } = await sendAll(environment, ...repeat(5, query));
    await until(() =>
      environment.calls().some(({ operation, endedAt }) => operation === 'activeCounts' && endedAt),
    );
    control.clear();
    await held.reaches(1);
    held.release();
    const all = await answers;
    assert.deepEqual(all.map(({ body }) => body.errors?.length ?? 0).sort(), [0, 0, 0, 0, 1]);
    assert.deepEqual(outcomes(all), ['not stored', ...Array(4).fill('stored')]);
  });
});

describe('Client that disconnects', () => {
  const environment = shareGated(library);

  it('does not cancel an execution that others wait for, although it was the first', async () => {
    const query = await homeQuery(environment);
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const { abort } = await sendAbortable(environment, query);
    const { answers } = await sendAll(environment, ...repeat(3, query));
    await abort();
    await held.reaches(1);
    held.release();
    const all = await answers;
    assert.deepEqual(outcomes(all), Array(3).fill('collapsed'));
    assert.ok(all.every(({ body }) => body.errors === undefined));
    assert.equal(calledOperations(environment).length, 4);
    assert.equal(outcomeOf(await send(environment, query)), 'hit');
  });

  it('does not cancel the execution of the first', async () => {
    const query = await homeQuery(environment);
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const { answers } = await sendAll(environment, query);
    const { abort } = await sendAbortable(environment, query);
    await abort();
    await held.reaches(1);
    held.release();
    assert.deepEqual(outcomes(await answers), ['stored']);
  });

  it('cancels the execution when it is the last', async () => {
    const query = await homeQuery(environment);
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const clients = [
      await sendAbortable(environment, query),
      await sendAbortable(environment, query),
    ];
    await held.reaches(1);
    await clients[0]?.abort();
    assert.equal(held.abandonedCount(), 0);
    await clients[1]?.abort();
    await until(() => held.abandonedCount() === 1);
    held.release();
    const { answers } = await sendAll(environment, query);
    assert.deepEqual(outcomes(await answers), ['stored']);
  });
});

describe('Request after a purge', () => {
  const environment = shareGated(library);

  it('does not join the execution of a public answer that began before', async () => {
    const other = { query: `${NOTICES.query} # with a comment` };
    const held = environment.gates.lending.hold(NOTICES_PATH);
    const before = await sendAll(environment, NOTICES, NOTICES, other);
    await purge(environment, 'Query.notices');
    const after = await sendAll(environment, NOTICES, NOTICES, other);
    await held.reaches(2);
    held.release();
    const outcomesOf = async ({ answers }: typeof before) => (await answers).map(outcomeOf).sort();
    assert.deepEqual(await outcomesOf(before), ['collapsed', 'not stored', 'not stored']);
    assert.deepEqual(await outcomesOf(after), ['collapsed', 'stored', 'stored']);
    assert.equal(held.count(), 2);
  });

  it('does not join the execution of a private answer that began before, and joins one that began after', async () => {
    const query = { query: LOANS.loans, headers: await signIn(environment, READER) };
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const before = await sendAll(environment, query, query);
    await send(environment, borrow());
    const after = await sendAll(environment, query, query);
    await held.reaches(2);
    held.release();
    const [old, follower] = await before.answers;
    const fresh = await after.answers;
    assert.deepEqual(fresh.map(outcomeOf).sort(), ['collapsed', 'stored']);
    assert.deepEqual(fresh[1]?.body, fresh[0]?.body);
    assert.notDeepEqual(old?.body, fresh[0]?.body);
    assert.deepEqual(follower?.body, old?.body);
    assert.equal(held.count(), 2);
    if (fresh[0]) await assertCached(environment, query, fresh[0]);
  });

  it('gets current data if it followed an execution that failed', async () => {
    const query = {
      query: '{ home { loans(first: 3) { id } activeCount } }',
      headers: await signIn(environment, READER),
    };
    const held = environment.gates.lending.hold(ACTIVE_COUNTS);
    const { control } = environment.services.lending;
    control.faults({ activeCounts: { status: 501 } });
    const before = await sendAll(environment, query, query);
    await held.reaches(1);
    control.clear();
    const { body } = await send(environment, borrow());
    held.release();
    const answers = await before.answers;
    const whole = answers.find((answer) => answer.body.errors === undefined);
    assert.equal(whole?.body.data.home.loans[0].id, body.data.borrow.loan.id);
    assert.equal(whole && outcomeOf(whole), 'stored');
  });
});

describe('Deadline of a concurrent equal request', { concurrency: true }, () => {
  const environments = Array.from({ length: 3 }, () =>
    shareEnvironment(() => startGatedEnvironment(library)),
  );

  it('leads to a partial answer in time if it is earlier than the leader’s', async () => {
    const environment = environments[0] as GatedLibrary;
    const patient = await homeQuery(environment);
    const hasty = await homeQuery(environment, 1_000);
    const held = environment.gates.lending.hold(ACTIVE_COUNTS);
    const { answers: whole } = await sendAll(environment, patient);
    await held.reaches(1);
    const part = await send(environment, hasty);
    assert.equal(part.status, 200);
    assert.deepEqual(
      part.body.errors.map(({ path }: { path: string[] }) => path),
      [['home', 'activeCount']],
    );
    assert.ok(part.body.data.home.member);
    held.release();
    assert.deepEqual(outcomes(await whole), ['stored']);
  });

  it('leads to a complete answer if it is later than the leader’s', async () => {
    const environment = environments[1] as GatedLibrary;
    const hasty = await homeQuery(environment, 1_000);
    const patient = await homeQuery(environment);
    const held = environment.gates.lending.hold(ACTIVE_COUNTS);
    const { answers: part } = await sendAll(environment, hasty);
    await held.reaches(1);
    const { answers: whole } = await sendAll(environment, patient);
    const [first] = await part;
    assert.equal(first?.body.errors.length, 1);
    held.release();
    const [second] = await whole;
    assert.equal(second?.body.errors, undefined);
  });

  it('leads to the same partial answer if it is the leader’s', async () => {
    const environment = environments[2] as GatedLibrary;
    const patient = await homeQuery(environment, 1_000);
    const held = environment.gates.lending.hold(ACTIVE_COUNTS);
    const { answers } = await sendAll(environment, ...Array<Query>(5).fill(patient));
    for (const { status, body } of await answers) {
      assert.equal(status, 200, JSON.stringify(body));
      assert.ok(body.data.home.member, JSON.stringify(body.errors));
      assert.ok(body.data.home.loans);
    }
    held.release();
  });
});

describe('Deadline of a request', () => {
  const environment = shareGated(library);

  it('leaves no timer behind for hits and refused requests', async () => {
    const patient = await homeQuery(environment);
    await send(environment, patient);
    const timers = () =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    for (let time = 0; time < 20; time++) {
      assert.equal(outcomeOf(await send(environment, { query: HOME.home, as: READER })), 'hit');
      const { status } = await send(environment, {
        query: HOME.home,
        headers: { authorization: 'Bearer a.b.c' },
      });
      assert.equal(status, 401);
    }
    assert.ok(timers() < before + 10, `${timers()} after ${before}`);
  });
});
