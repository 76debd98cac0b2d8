import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json, TestResponse } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { until } from '../support/until.ts';
import { assertCached, outcomeOf, type Query, send, sendAll } from './environment.ts';
import {
  borrow,
  type GatedLibrary,
  HOME,
  LOANS,
  nextPageQuery,
  OTHER_READER,
  READER,
  rename,
  returnLoan,
} from './queries.ts';
import { shareGated } from './shared-environment.ts';

const loans = { as: READER, query: LOANS.loans };
const isSame = (one: TestResponse, other: TestResponse) =>
  JSON.stringify(one.body) === JSON.stringify(other.body);

/** The members whose loans a call reads. */
const membersIn = ({ url }: { readonly url: string }): string[] =>
  new URL(url, 'http://x').searchParams.get('members')?.split(',') ?? [];

interface LateResponse {
  readonly query: (environment: GatedLibrary) => Promise<Query> | Query;
  /** The service whose response is held back. */
  readonly service: keyof GatedLibrary['gates'];
  readonly path: RegExp;
  readonly change: (environment: GatedLibrary) => Promise<Query> | Query;
}

/** Returns the third newest loan: the first on the page after two. */
async function returnThird(environment: GatedLibrary): Promise<Query> {
  const { loans } = await environment.read('lending', `/loans?member=${READER}&limit=3`);
  return returnLoan(loans[2].id);
}

const LATE_RESPONSES: Readonly<Record<string, LateResponse>> = {
  'of a batch': {
    query: () => loans,
    service: 'lending',
    path: /^\/loans\?members=/,
    change: () => borrow(),
  },
  'of a page': {
    async query(environment) {
      for (const change of [borrow(), borrow(), borrow()]) await send(environment, change);
      return Object.values(await nextPageQuery(environment, READER))[0] as Query;
    },
    service: 'lending',
    path: /^\/loans\?member=/,
    change: returnThird,
  },
  'for all librarians': {
    query: () => ({ as: 'staff', query: '{ recentLoans(first: 3) { id } }' }),
    service: 'lending',
    path: /^\/loans\?recent=/,
    change: () => borrow(),
  },
  'to a search': {
    query: () => ({
      as: 'staff',
      query: '{ members(first: 50) { edges { node { id name } } } }',
    }),
    service: 'member',
    path: /^\/members\?limit=/,
    change: () => rename('14'),
  },
  'about one member': {
    query: () => ({ query: `{ member(id: "${READER}") { name } }` }),
    service: 'member',
    path: /^\/members\?ids=/,
    change: () => rename(),
  },
};

describe('Upstream response that arrives after a change', () => {
  const environment = shareGated(library);

  for (const [label, { query: find, service, path, change }] of Object.entries(LATE_RESPONSES)) {
    it(`goes to the earlier request only: ${label}`, async () => {
      const query = await find(environment);
      const early = environment.gates[service].hold(path);
      const before = send(environment, query);
      await early.reaches(1);
      early.stopHolding();
      assert.equal((await send(environment, await change(environment))).body.errors, undefined);
      const after = await send(environment, query);
      assert.equal(outcomeOf(after), 'stored');
      early.release();
      const late = await before;
      assert.equal(late.body.errors, undefined);
      assert.equal(outcomeOf(late), 'not stored');
      assert.ok(!isSame(late, after));
      await assertCached(environment, query, after);
    });

    it(`is not stored if no request came in between: ${label}`, async () => {
      const query = await find(environment);
      const early = environment.gates[service].hold(path);
      const before = send(environment, query);
      await early.reaches(1);
      await send(environment, await change(environment));
      early.release();
      const late = await before;
      assert.equal(outcomeOf(late), 'not stored');
      const after = await send(environment, query);
      assert.equal(outcomeOf(after), 'stored');
      assert.ok(!isSame(late, after));
    });
  }

  it('is stored for the viewers of a batch that the change does not affect', async () => {
    const others = { ...loans, as: OTHER_READER };
    const early = environment.gates.lending.hold(/^\/loans\?members=/);
    const sent = await sendAll(environment, loans, others);
    await until(() => environment.calls().flatMap(membersIn).length === 2);
    await send(environment, borrow());
    early.release();
    const [own, other] = await sent.answers;
    assert.equal(own && outcomeOf(own), 'not stored');
    assert.equal(other && outcomeOf(other), 'stored');
    await assertCached(environment, others, other as TestResponse);
  });

  it('keeps earlier responses of the same execution out of the cache as well', async () => {
    const query = { as: READER, query: HOME.home };
    const slow = environment.gates.lending.hold(/^\/loans\?members=/);
    const before = send(environment, query);
    await slow.reaches(1);
    await environment.gates.member.hasSent(/^\/members\?ids=/);
    await send(environment, rename(READER, 'Renamed meanwhile'));
    slow.release();
    assert.equal(outcomeOf(await before), 'not stored');
    const after = await send(environment, query);
    assert.equal(after.body.data.home.member.name, 'Renamed meanwhile');
  });
});

describe('Change in progress', () => {
  const environment = shareGated(library);

  it('lets answers be stored until its outcome is known', async () => {
    const answer = environment.gates.lending.hold(/^\/loans$/);
    const changing = send(environment, borrow());
    await answer.reaches(1);
    assert.equal(outcomeOf(await send(environment, loans)), 'stored');
    assert.equal(outcomeOf(await send(environment, loans)), 'hit');
    answer.release();
    await changing;
    assert.equal(outcomeOf(await send(environment, loans)), 'stored');
  });
});

const CHANGES = 24;
const CLIENTS = 6;
const MAX_DELAY_MS = 12;

/** The changes whose callers have got their answers. */
interface CompletedChanges {
  /** The number in the reader's name. */
  name: number;
  /** The ids of the loans of the reader, and of those that the other reader has returned. */
  readonly loans: string[];
  readonly returned: string[];
  /** The number of the reader's active loans. */
  active: number;
}

const NODES = 'edges { node { id } }';
const READS: readonly Query[] = [
  { query: `{ member(id: "${READER}") { name } }` },
  { as: READER, query: '{ viewer { member { name } activeCount } }' },
  { as: READER, query: `{ viewer { loans(first: 50) { ${NODES} } member { name } } }` },
  { as: READER, query: `{ viewer { loans(first: 50, status: ACTIVE) { ${NODES} } } }` },
  { as: OTHER_READER, query: `{ viewer { loans(first: 50, status: RETURNED) { ${NODES} } } }` },
  { as: 'staff', query: '{ members(search: "Name No ") { edges { node { name } } } }' },
  { as: 'staff', query: '{ recentLoans(first: 50) { id } }' },
  { as: READER, query: '{ home { member { name } loans(first: 20) { id } activeCount } }' },
  { as: READER, query: '{ home { loans(first: 20) { id } } }' },
  { as: READER, query: '{ home { activeCount member { name } } }' },
];

/** Asserts that an answer shows all changes that were complete when its request was sent. */
function assertShowsAll(
  { data, errors }: Json,
  query: string,
  { name, loans, returned, active }: CompletedChanges,
) {
  assert.equal(errors, undefined, JSON.stringify(errors));
  const text = JSON.stringify(data);
  const shown = [...text.matchAll(/Name No (\d+)/g)].map(([, number]) => Number(number));
  if (query.includes('name')) assert.ok(shown.length > 0 || name === 0, `${query}: ${text}`);
  assert.ok(
    shown.every((number) => number >= name),
    `${query}: ${shown} after ${name}`,
  );
  if (query.toLowerCase().includes('loans')) {
    const ids = query.includes('RETURNED') ? returned : loans;
    const missing = ids.filter((id) => !text.includes(`"id":"${id}"`));
    assert.deepEqual(missing, [], query);
  }
  const count = /"activeCount":(\d+)/.exec(text)?.[1];
  if (count) assert.ok(Number(count) >= active, `${query}: ${count} active after ${active}`);
}

async function borrowAs(environment: GatedLibrary, as: string): Promise<string> {
  const { body } = await send(environment, borrow(as));
  return body.data.borrow.loan.id;
}

/** Makes changes one after the other, every third of them at the service. */
async function makeChanges(environment: GatedLibrary, done: CompletedChanges): Promise<void> {
  const { member } = environment.services;
  for (let n = 1; n <= CHANGES; n++) {
    if (n % 3 === 0) {
      const direct = { method: 'PATCH', url: `/members/${READER}` } as const;
      await member.inject({ ...direct, payload: { name: `Name No ${n}` } });
      done.name = n;
    } else if (n % 3 === 1) {
      const { body } = await send(environment, rename(READER, `Name No ${n}`));
      assert.equal(body.errors, undefined);
      done.name = n;
    } else {
      done.loans.push(await borrowAs(environment, READER));
      done.active++;
      const id = await borrowAs(environment, OTHER_READER);
      await send(environment, returnLoan(id, OTHER_READER));
      done.returned.push(id);
    }
  }
}

describe('Answer during many concurrent reads and changes', () => {
  const environment = shareGated(library);

  it('shows all changes that were complete when it was requested', async () => {
    for (const { control } of Object.values(environment.services)) {
      control.subscribe([`${environment.adminUrl}/purge`]);
    }
    let delay = 0;
    for (const gate of Object.values(environment.gates)) {
      gate.setDelay(() => (delay = (delay * 7 + 5) % MAX_DELAY_MS));
      gate.setHeaders((path) =>
        path.startsWith('/.well-known') ? {} : { 'cache-control': 'max-age=2' },
      );
    }
    const { counts } = await environment.read('lending', `/active?members=${READER}`);
    const done: CompletedChanges = { name: 0, loans: [], returned: [], active: counts[0].count };
    const outcomes = new Set<string>();
    let isOver = false;

    const read = async (client: number) => {
      for (let n = client; !isOver; n++) {
        const query = READS[n % READS.length] as Query;
        const before = { ...done, loans: [...done.loans], returned: [...done.returned] };
        const answer = await send(environment, query);
        outcomes.add(outcomeOf(answer));
        assertShowsAll(answer.body, query.query, before);
      }
    };
    const changing = makeChanges(environment, done).finally(() => {
      isOver = true;
    });
    await Promise.all([changing, ...Array.from({ length: CLIENTS }, (_, client) => read(client))]);
    assert.ok(outcomes.has('hit') && outcomes.has('stored'), [...outcomes].join(', '));
  });
});
