import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anyone, authenticated, ownerOrStaff, type ShieldRule } from '../../src/auth/rules.ts';
import { rule } from '../../src/auth/shield-library.ts';
import { loadConfig } from '../../src/config/index.ts';
import { createServer } from '../../src/server/create-server.ts';
import { startEnvironment, type TestResponse, type TestViewer } from '../support/environment.ts';
import { type LibraryContext, library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { CACHED, outcomeOf } from './environment.ts';
import { shareCached } from './shared-environment.ts';

const NOTICES = '{ notices { id title } }';
const MEMBERS = '{ members(first: 2) { edges { node { id name } } } }';

const isHit = (answer: TestResponse) => outcomeOf(answer) === 'hit';

/** The fixture BFF with another resolver and another rule for `notices`. */
const withNotices = (
  notices: (parent: unknown, args: unknown, context: LibraryContext) => unknown,
  allowed: unknown = anyone,
): typeof library => ({
  ...library,
  resolvers: {
    ...library.resolvers,
    Query: { ...(library.resolvers as { Query: object }).Query, notices },
  },
  permissions: {
    ...library.permissions,
    Query: { ...library.permissions.Query, notices: allowed as ShieldRule },
  },
});

const titled = (title: unknown) => [{ id: '1', title: String(title) }];

describe('Stored answer', () => {
  const environment = shareCached(library);

  it('is shared by all viewers if its fields are PUBLIC and no rule restricts them', async () => {
    const viewers: TestViewer[] = [CAST.reader, CAST.otherReader, 'staff', 'anonymous'];
    const answers: TestResponse[] = [];
    for (const as of viewers) answers.push(await environment.send(NOTICES, { as }));
    assert.deepEqual(answers.map(isHit), [false, true, true, true]);
  });

  it('is shared by viewers with the same permissions if a rule reads permissions', async () => {
    const complete = await environment.send(MEMBERS, { as: 'staff' });
    const again = await environment.send(MEMBERS, { as: 'staff' });
    assert.ok(isHit(again));
    assert.deepEqual(again.body, complete.body);
    for (const as of [CAST.reader, 'anonymous'] as const) {
      const refused = await environment.send(MEMBERS, { as });
      assert.equal(refused.body.data.members, null);
      assert.ok(!isHit(refused));
    }
  });

  it('is shared with nobody if a rule of a nested field reads the viewer', async () => {
    const query = '{ recentLoans(first: 1) { id borrower { id } } }';
    const vary = (await environment.send(query, { as: 'staff' })).headers.get('vary');
    assert.match(vary ?? '', /Authorization/);
    assert.ok(isHit(await environment.send(query, { as: 'staff' })));
    assert.equal((await environment.send(query, { as: CAST.reader })).body.data.recentLoans, null);
  });
});

describe('Execution for a shared answer', () => {
  const resolver = withNotices((_parent, _args, { viewer }) =>
    titled('id' in viewer ? viewer.id : 'nobody'),
  );

  it('fails in tests if a resolver reads the viewer', async () => {
    await using environment = await startEnvironment(resolver, CACHED);
    const { body } = await environment.send(NOTICES, { as: CAST.reader });
    assert.equal(body.errors[0].extensions.code, 'INTERNAL_SERVER_ERROR');
    assert.equal(body.data.notices, null);
  });

  it('does not store the answer outside of tests if a resolver reads the viewer', async () => {
    await using environment = await startEnvironment(resolver, {
      ...CACHED,
      NODE_ENV: 'development',
    });
    for (const as of [CAST.reader, CAST.otherReader, CAST.reader]) {
      const answer = await environment.send(NOTICES, { as });
      assert.deepEqual(answer.body.data.notices, titled(as));
      assert.ok(!isHit(answer));
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
  });

  it('can read the permissions that all viewers of the answer have', async () => {
    const bff = withNotices((_parent, _args, { viewer }) => titled(viewer.role), authenticated());
    await using environment = await startEnvironment(bff, CACHED);
    const answers: TestResponse[] = [];
    for (const as of [CAST.reader, CAST.otherReader, 'staff'] as const) {
      answers.push(await environment.send(NOTICES, { as }));
    }
    assert.deepEqual(
      answers.map((answer) => [answer.body.data.notices[0].title, isHit(answer)]),
      [
        ['customer', false],
        ['customer', true],
        ['staff', false],
      ],
    );
  });
});

describe('BFF', () => {
  const start = (allowed: unknown) =>
    createServer(
      withNotices(() => titled('x'), allowed),
      loadConfig({}, library),
    );

  it('does not start with a PUBLIC field whose rule reads the viewer', async () => {
    const own = ownerOrStaff('notice', () => CAST.reader);
    await assert.rejects(start(own), /Query\.notices is PUBLIC, but its rule reads the viewer/);
  });

  it('does not start with a rule that does not declare what it reads', async () => {
    const undeclared = rule()(() => true);
    await assert.rejects(start(undeclared), /Query\.notices: the rule must say what it reads/);
  });
});
