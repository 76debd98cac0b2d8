import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, TestResponse, TestViewer } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import { outcomeOf, type Query, send, sendAll, signIn, whenProcessed } from './environment.ts';
import { borrow, type GatedLibrary, HOME, LOANS, READER, rename } from './queries.ts';
import { fakeClock, shareGated } from './shared-environment.ts';

const LOANS_OF_MEMBERS = /^\/loans\?members=/;
/** The stale windows of the BFFs. */
const DEFAULT_WINDOWS = { whileRevalidate: 30, ifError: 300 };
const ON_ERROR_ONLY = { whileRevalidate: 0, ifError: 300 };
const NONE = { whileRevalidate: 0, ifError: 0 };

/** The freshness that all services give their responses, in seconds. */
const MAX_AGE_SECONDS = 2;

/** Stores a viewer's answer, and lets it expire. */
async function storeExpired(
  context: TestContext,
  environment: GatedLibrary,
  query: string,
  as: TestViewer = READER,
): Promise<Query> {
  for (const gate of Object.values(environment.gates)) {
    gate.setHeaders(() => ({ 'cache-control': `max-age=${MAX_AGE_SECONDS}` }));
  }
  const headers = await signIn(environment, as);
  // A circuit breaker may still be open after an earlier test.
  await until(async () => outcomeOf(await send(environment, { query, headers })) === 'stored');
  const pass = fakeClock(context);
  pass(MAX_AGE_SECONDS + 0.1);
  environment.reset();
  return { query, headers };
}

const PUBLIC = '{ notices { id } member(id: "42") { name } }';
const STAFF_ONLY = '{ notices { id } recentLoans { id } }';

const shows = ({ body }: TestResponse, id: string) => JSON.stringify(body).includes(`"${id}"`);

/** Borrows a book for the reader at the service, which sends no events. */
async function borrowAtService(environment: GatedLibrary): Promise<string> {
  const response = await environment.services.lending.inject({
    method: 'POST',
    url: '/loans',
    headers: { 'idempotency-key': randomUUID() },
    payload: { memberId: READER, title: 'The Atlas' },
  });
  return response.json().id;
}

describe('Expired answer in the stale-while-revalidate window', () => {
  const environment = shareGated({ ...library, stale: DEFAULT_WINDOWS });

  it('is served immediately, and revalidated once for all requests', async (context) => {
    const query = await storeExpired(context, environment, LOANS.loans);
    const id = await borrowAtService(environment);
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    for (let time = 0; time < 2; time++) {
      const { answers } = await sendAll(environment, ...Array<Query>(5).fill(query));
      for (const answer of await answers) {
        assert.equal(outcomeOf(answer), 'hit');
        assert.ok(!shows(answer, id));
      }
    }
    await held.reaches(1);
    assert.equal(held.count(), 1);
    held.release();
    await until(async () => shows(await send(environment, query), id));
    assert.equal(outcomeOf(await send(environment, query)), 'hit');
  });

  it('is revalidated however early the deadline of the request is', async (context) => {
    const query = await storeExpired(context, environment, LOANS.loans);
    const id = await borrowAtService(environment);
    const hasty = {
      ...query,
      headers: { ...query.headers, 'x-request-timeout-ms': '200' },
    };
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    assert.equal(outcomeOf(await send(environment, hasty)), 'hit');
    await held.reaches(1);
    await sleep(250);
    assert.equal(held.abandonedCount(), 0);
    held.release();
    await until(async () => shows(await send(environment, query), id));
  });

  it('is never served after a purge, and the result of its revalidation is not stored', async (context) => {
    const query = await storeExpired(context, environment, LOANS.loans);
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const old = await send(environment, query);
    await held.reaches(1);
    held.stopHolding();
    await send(environment, borrow());
    const fresh = await send(environment, query);
    assert.equal(outcomeOf(fresh), 'stored');
    assert.notDeepEqual(fresh.body, old.body);
    held.release();
    await held.settled();
    await whenProcessed(environment);
    assert.deepEqual((await send(environment, query)).body, fresh.body);
  });

  it('is not stored again by a revalidation that ends after the purge', async (context) => {
    const query = await storeExpired(context, environment, LOANS.loans);
    const held = environment.gates.lending.hold(LOANS_OF_MEMBERS);
    const old = await send(environment, query);
    await held.reaches(1);
    await send(environment, borrow());
    held.release();
    await held.settled();
    await whenProcessed(environment);
    const next = await send(environment, query);
    assert.equal(outcomeOf(next), 'stored');
    assert.notDeepEqual(next.body, old.body);
  });

  it('is no longer served after a revalidation whose result must not be stored', async (context) => {
    const query = await storeExpired(context, environment, LOANS.loans);
    environment.gates.lending.setHeaders(() => ({ 'cache-control': 'no-store' }));
    const id = await borrowAtService(environment);
    assert.equal(outcomeOf(await send(environment, query)), 'hit');
    await until(async () => shows(await send(environment, query), id));
  });
});

describe('Expired answer while a service fails', () => {
  const environment = shareGated({ ...library, stale: ON_ERROR_ONLY });

  const failing = { notices: { status: 503 } };

  for (const [audience, text] of Object.entries({ everyone: PUBLIC, staff: STAFF_ONLY })) {
    it(`is served with its Age instead of a partial answer if it is for ${audience}`, async (context) => {
      const query = await storeExpired(context, environment, text, 'staff');
      for (const fault of [{ status: 503 }, { reset: true }, { malformed: 'shape' }] as const) {
        environment.services.lending.control.faults({ notices: fault });
        const { answers } = await sendAll(environment, ...Array<Query>(3).fill(query));
        for (const { headers, body } of await answers) {
          assert.match(headers.get('cache-status') ?? '', /^frontdesk; hit; ttl=-\d+$/);
          assert.ok(Number(headers.get('age')) >= MAX_AGE_SECONDS);
          assert.equal(body.errors, undefined);
        }
      }
    });
  }

  it('is not served if it is private: its viewer gets the partial answer', async (context) => {
    const query = await storeExpired(context, environment, HOME.home);
    environment.services.lending.control.faults({ activeCounts: { status: 503 } });
    const { answers } = await sendAll(environment, ...Array<Query>(3).fill(query));
    for (const answer of await answers) assertPartial(answer);
  });

  it('is served at the deadline of the request if the service never answers', async (context) => {
    const query = await storeExpired(context, environment, STAFF_ONLY, 'staff');
    environment.services.lending.control.faults({ notices: { hang: true } });
    const hasty = {
      ...query,
      headers: { ...query.headers, 'x-request-timeout-ms': '300' },
    };
    const { answers } = await sendAll(environment, hasty, hasty, hasty);
    for (const answer of await answers) {
      assert.equal(answer.body.errors, undefined, JSON.stringify(answer.body.errors));
      assert.equal(outcomeOf(answer), 'hit');
    }
  });

  it('is not served after a purge', async (context) => {
    const query = await storeExpired(context, environment, PUBLIC);
    environment.services.lending.control.faults(failing);
    await send(environment, rename(READER, 'Renamed After Expiry'));
    const { body } = await send(environment, query);
    assert.equal(body.data.member.name, 'Renamed After Expiry');
    assert.equal(body.data.notices, null);
    assert.equal(body.errors.length, 1);
  });

  it('is not served if it is purged during the failing execution', async (context) => {
    const query = await storeExpired(context, environment, PUBLIC);
    environment.services.lending.control.faults(failing);
    const slow = environment.gates.member.hold(/^\/members\?ids=/);
    const { answers } = await sendAll(environment, query);
    await slow.reaches(1);
    await purge(environment, `Member:${READER}`);
    slow.release();
    const [answer] = await answers;
    assert.equal(answer?.body.errors.length, 1);
  });

  it('is not served after a newer answer, even if that must not be stored', async (context) => {
    const query = await storeExpired(context, environment, STAFF_ONLY, 'staff');
    environment.gates.lending.setHeaders(() => ({ 'cache-control': 'no-store' }));
    const id = await borrowAtService(environment);
    assert.ok(shows(await send(environment, query), id));
    environment.services.lending.control.faults({ recentLoans: { status: 501 } });
    const { body } = await send(environment, query);
    assert.equal(body.errors?.length, 1, 'the older answer is served');
  });
});

describe('Expired private answer in the stale-while-revalidate window', () => {
  const environment = shareGated({ ...library, stale: DEFAULT_WINDOWS });

  it('is served until its revalidation fails', async (context) => {
    const query = await storeExpired(context, environment, HOME.home);
    environment.services.lending.control.faults({ activeCounts: { status: 503 } });
    assert.equal(outcomeOf(await send(environment, query)), 'hit');
    await until(async () => outcomeOf(await send(environment, query)) !== 'hit');
    for (let n = 0; n < 2; n++) assertPartial(await send(environment, query));
    environment.services.lending.control.clear();
    await until(async () => outcomeOf(await send(environment, query)) === 'stored');
  });
});

describe('Expired answer without a stale window', () => {
  const environment = shareGated({ ...library, stale: NONE });

  it('is executed again', async (context) => {
    const query = await storeExpired(context, environment, LOANS.loans);
    const id = await borrowAtService(environment);
    assert.ok(shows(await send(environment, query), id));
  });

  it('is not served while a service fails', async (context) => {
    const query = await storeExpired(context, environment, PUBLIC);
    environment.services.lending.control.faults({ notices: { status: 503 } });
    assert.equal((await send(environment, query)).body.errors.length, 1);
  });
});

/** Asserts that the home has all parts but the count that fails. */
function assertPartial({ headers, body }: TestResponse): void {
  assert.equal(headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
  assert.equal(body.data.home.activeCount, null);
  assert.ok(body.data.home.member.name);
  assert.deepEqual(
    body.errors.map(({ path }: Json) => path),
    [['home', 'activeCount']],
  );
}
