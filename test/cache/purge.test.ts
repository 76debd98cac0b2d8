import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { AnyEnvironment, RequestOptions } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import {
  assertCached,
  hitsAmong,
  outcomeOf,
  type Queries,
  queriesAs,
  warmCache,
} from './environment.ts';
import { changeAt, type ServiceChange } from './invalidation-helpers.ts';
import {
  ACCOUNT,
  ACTIVE_COUNT,
  HOME,
  LIBRARIAN,
  type Library,
  LOANS,
  loanIdWithStatus,
  loanQueries,
  memberQuery,
  NOTICES,
  nextPageQuery,
  OTHER_READER,
  READER,
} from './queries.ts';
import { fakeClock, shareGated } from './shared-environment.ts';

const MEMBER = '{ member(id: "42") { name } }';

const isHit = async (environment: AnyEnvironment, query: string, options: RequestOptions = {}) =>
  outcomeOf(await environment.send(query, options)) === 'hit';

/** A query with tags that its answer has, and tags that it has not. */
interface Case extends RequestOptions {
  readonly query: string;
  readonly tags: readonly string[];
  readonly others: readonly string[];
}

const CASES: readonly Case[] = [
  {
    query: MEMBER,
    tags: ['Member:42', 'Member', 'Query.member'],
    others: ['Member:4', 'Member:420', 'member:42', 'Loan:42', 'members', 'Query.notices'],
  },
  {
    query: '{ notices { id } }',
    tags: ['Notice', 'Notice:1', 'notices', 'Query.notices'],
    others: ['Notice:999', 'Member:1', 'Query.member'],
  },
  {
    query: '{ recentLoans(first: 2) { id } }',
    as: 'staff',
    tags: ['loans', 'loans:recent', 'Loan', 'Query.recentLoans'],
    others: ['loans:member=42', 'Query.loans', 'Member'],
  },
  {
    query: '{ viewer { loans(first: 2, status: ACTIVE) { edges { node { id } } } activeCount } }',
    as: READER,
    tags: ['loans:member=42', 'loans:member=42&status=active', 'active:member=42', 'Query.viewer'],
    others: ['loans:member=43', 'loans:member=42&status=returned', 'active:member=43'],
  },
  {
    query: '{ home { member { name } loans(first: 2) { id } } }',
    as: READER,
    tags: ['Member:42', 'loans:member=42', 'Loan', 'Query.home'],
    others: ['Member:43', 'loans:member=43', 'loans:member=42&status=active', 'Notice'],
  },
];

describe('Purge by tag', () => {
  const environment = shareGated(library);

  it('makes answers with one of its tags stale, and no others', async () => {
    for (const { query, tags, others, ...options } of CASES) {
      await environment.send(query, options);
      await purge(environment, ...others);
      assert.ok(await isHit(environment, query, options), query);
      for (const tag of tags) {
        await purge(environment, 'Nothing', tag);
        assert.equal(await isHit(environment, query, options), false, `${query} ${tag}`);
        assert.ok(await isHit(environment, query, options), `${query} ${tag}`);
      }
    }
  });

  it('makes a change at a service visible', async () => {
    await environment.send(MEMBER);
    await environment.services.member.inject({
      method: 'PATCH',
      url: '/members/42',
      payload: { name: 'Someone Else' },
    });
    assert.ok(await isHit(environment, MEMBER));
    await purge(environment, 'Member:42');
    assert.deepEqual((await environment.send(MEMBER)).body.data, {
      member: { name: 'Someone Else' },
    });
  });

  it('prevents the purged answer from being served, also when its service is down', async (context) => {
    const pass = fakeClock(context);
    for (const seconds of [0, 310, 400]) {
      environment.services.member.control.clear();
      await until(async () => !(await environment.send(MEMBER)).body.errors);
      assert.ok(await isHit(environment, MEMBER));
      pass(seconds);
      environment.services.member.control.faults({ membersByIds: { status: 500 } });
      await purge(environment, 'Member:42');
      const { headers, body } = await environment.send(MEMBER);
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
      assert.equal(headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
    }
  });

  it('keeps the result of an execution in progress out of the cache', async () => {
    const query = '{ notices { title } }';
    const held = environment.gates.lending.hold(/^\/notices/);
    const early = environment.send(query);
    await held.reaches(1);
    await purge(environment, 'notices');
    const late = environment.send(query);
    await held.reaches(2);
    held.release();
    assert.equal(outcomeOf(await early), 'not stored');
    assert.equal((await early).headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
    assert.equal((await late).headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
    await assertCached(environment, { query }, await late);
  });
});

const namesOf = (copies: Queries) => Object.keys(copies);

describe('Change event of a service', () => {
  const environment = shareGated(library);
  beforeEach(() => {
    for (const { control } of Object.values(environment.services)) {
      control.subscribe([`${environment.adminUrl}/purge`]);
    }
  });

  const rename: ServiceChange<keyof Library['services']> = {
    service: 'member',
    path: `/members/${READER}`,
    method: 'PATCH',
    body: { name: 'A Name Changed at the Service' },
  };
  const newLoan: ServiceChange<keyof Library['services']> = {
    service: 'lending',
    path: '/loans',
    body: { memberId: READER, title: 'The Atlas' },
  };

  it('makes all answers with a changed name stale, and no others', async () => {
    const others = {
      ...queriesAs(READER, LOANS),
      ...queriesAs(OTHER_READER, ACCOUNT),
      ...memberQuery(OTHER_READER),
    };
    const copies = { ...queriesAs(READER, ACCOUNT), ...memberQuery(READER), ...others };
    await warmCache(environment, copies);
    await changeAt(environment, rename);
    assert.deepEqual(await hitsAmong(environment, copies), namesOf(others));
  });

  it('makes all answers that list a new object stale, and no others', async () => {
    const { account } = ACCOUNT;
    const others = { ...queriesAs(READER, { account }), ...queriesAs(OTHER_READER, LOANS) };
    const { loans, active } = LOANS;
    const mine = {
      ...queriesAs(READER, { loans, active, ...ACTIVE_COUNT }),
      ...(await nextPageQuery(environment, READER)),
    };
    const copies = { ...LIBRARIAN, ...mine, ...others };
    await warmCache(environment, copies);
    await changeAt(environment, newLoan);
    assert.deepEqual(await hitsAmong(environment, copies), [
      'staff: members',
      'staff: members by search',
      ...namesOf(others),
    ]);
  });

  it('makes all answers with a changed object stale, and no others', async () => {
    const id = await loanIdWithStatus(environment, READER, 'active');
    const returned = await loanIdWithStatus(environment, READER, 'returned');
    const others = { ...loanQueries(READER, returned), ...queriesAs(OTHER_READER, LOANS) };
    const { loans, active, returned: returnedLoans } = LOANS;
    const copies = {
      ...queriesAs(READER, { loans, active, returned: returnedLoans, ...ACTIVE_COUNT }),
      ...loanQueries(READER, id),
      ...others,
    };
    await warmCache(environment, copies);
    await changeAt(environment, { service: 'lending', path: `/loans/${id}/return` });
    assert.deepEqual(await hitsAmong(environment, copies), namesOf(others));
  });

  it('makes answers with data of several upstreams stale', async () => {
    const copies = { ...queriesAs(READER, HOME), ...queriesAs(OTHER_READER, HOME) };
    await warmCache(environment, copies);
    for (const change of [rename, newLoan]) {
      await changeAt(environment, change);
      const hits = await hitsAmong(environment, copies);
      assert.equal(hits.includes(`${READER}: home`), false);
      assert.deepEqual(
        hits.filter((name) => name.startsWith(OTHER_READER)),
        namesOf(queriesAs(OTHER_READER, HOME)),
      );
    }
  });

  it('makes answers stale also if the caller of the change gets no answer', async () => {
    const copies = queriesAs(READER, LOANS);
    await warmCache(environment, copies);
    environment.services.lending.control.faults({ borrow: { reset: true, afterWork: true } });
    await assert.rejects(changeAt(environment, newLoan));
    environment.services.lending.control.clear();
    assert.deepEqual(await hitsAmong(environment, copies), []);
  });
});

describe('Purge by an operator', () => {
  const environment = shareGated(library);
  const { loans, active } = LOANS;
  const { account } = ACCOUNT;
  const copies = {
    ...queriesAs(READER, { ...LOANS, ...ACTIVE_COUNT, account }),
    ...queriesAs(OTHER_READER, { loans, active }),
    ...LIBRARIAN,
    ...memberQuery(READER),
    notices: NOTICES,
  };
  const without = (pattern: RegExp) => namesOf(copies).filter((name) => !pattern.test(name));
  const purges: Readonly<Record<string, readonly string[]>> = {
    Loan: without(/loans|active$|returned/),
    'Query.notices': without(/^notices$/),
    'Query.viewer': without(/^4[23]:/),
    loans: without(/loans|active$|returned/),
    active: without(/active count/),
    members: without(/^staff: members/),
    [`Member:${READER}`]: without(/account|^member|^staff: members/),
  };
  for (const [tag, rest] of Object.entries(purges)) {
    it(`leaves answers without the tag ${tag} in the cache`, async () => {
      await warmCache(environment, copies);
      await purge(environment, tag);
      assert.deepEqual(await hitsAmong(environment, copies), rest);
      assert.deepEqual(
        await hitsAmong(environment, copies),
        namesOf(copies),
        'all are stored again',
      );
    });
  }
});
