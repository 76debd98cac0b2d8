import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { anyone, authenticated, ownerOrStaff } from '../../src/auth/rules.ts';
import { rule } from '../../src/auth/shield-library.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { loadConfig } from '../../src/config/index.ts';
import type { RequestContext } from '../../src/context.ts';
import { notification } from '../../src/resolvers/notification/index.ts';
import { createServer } from '../../src/server/create-server.ts';
import { startEnvironment, type TestResponse, type TestViewer } from '../support/environment.ts';
import { CACHED } from './environment.ts';
import { shareCached } from './shared-environment.ts';

const ANNOUNCEMENTS = '{ announcements { id title } }';
const CUSTOMERS = '{ customers(first: 2) { edges { node { id name } } } }';

const isHit = ({ headers }: TestResponse) => /; hit;/.test(headers.get('cache-status') ?? '');

/** The mobile BFF with another resolver and another rule for `announcements`. */
const withAnnouncements = (
  announcements: (parent: unknown, args: unknown, context: RequestContext) => unknown,
  allowed: unknown = anyone,
): BffDefinition => ({
  ...mobile,
  domains: mobile.domains.map((domain) =>
    domain === notification
      ? {
          ...domain,
          permissions: { ...domain.permissions, Query: { announcements: allowed } } as never,
        }
      : domain,
  ),
  resolvers: {
    ...mobile.resolvers,
    Query: { ...(mobile.resolvers as { Query: object }).Query, announcements },
  } as never,
});

const titled = (title: unknown) => [{ id: '1', title: String(title) }];

describe('Stored answer', () => {
  const webEnvironment = shareCached(web);
  const mobileEnvironment = shareCached(mobile);

  it('is shared by all viewers if its fields are PUBLIC and no rule restricts them', async () => {
    const viewers: TestViewer[] = [CAST.customer, CAST.otherCustomer, 'staff', 'anonymous'];
    const answers: TestResponse[] = [];
    for (const as of viewers) answers.push(await mobileEnvironment.send(ANNOUNCEMENTS, { as }));
    assert.deepEqual(answers.map(isHit), [false, true, true, true]);
  });

  it('is shared by viewers with the same permissions if a rule reads permissions', async () => {
    const complete = await webEnvironment.send(CUSTOMERS, { as: 'staff' });
    const again = await webEnvironment.send(CUSTOMERS, { as: 'staff' });
    assert.ok(isHit(again));
    assert.deepEqual(again.body, complete.body);
    for (const as of [CAST.customer, 'anonymous'] as const) {
      const refused = await webEnvironment.send(CUSTOMERS, { as });
      assert.equal(refused.body.data.customers, null);
      assert.ok(!isHit(refused));
    }
  });

  it('is shared with nobody if a rule of a nested field reads the viewer', async () => {
    const query = '{ recentOrders(first: 1) { id customer { id } } }';
    const vary = (await webEnvironment.send(query, { as: 'staff' })).headers.get('vary');
    assert.match(vary ?? '', /Authorization/);
    assert.ok(isHit(await webEnvironment.send(query, { as: 'staff' })));
    assert.equal(
      (await webEnvironment.send(query, { as: CAST.customer })).body.data.recentOrders,
      null,
    );
  });
});

describe('Execution for a shared answer', () => {
  const resolver = withAnnouncements((_parent, _args, { viewer }) =>
    titled('id' in viewer ? viewer.id : 'nobody'),
  );

  it('fails in tests if a resolver reads the viewer', async () => {
    await using environment = await startEnvironment(resolver, CACHED);
    const { body } = await environment.send(ANNOUNCEMENTS, { as: CAST.customer });
    assert.equal(body.errors[0].extensions.code, 'INTERNAL_SERVER_ERROR');
    assert.equal(body.data.announcements, null);
  });

  it('does not store the answer outside of tests if a resolver reads the viewer', async () => {
    await using environment = await startEnvironment(resolver, {
      ...CACHED,
      NODE_ENV: 'development',
    });
    for (const as of [CAST.customer, CAST.otherCustomer, CAST.customer]) {
      const answer = await environment.send(ANNOUNCEMENTS, { as });
      assert.deepEqual(answer.body.data.announcements, titled(as));
      assert.ok(!isHit(answer));
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
  });

  it('can read the permissions that all viewers of the answer have', async () => {
    const bff = withAnnouncements(
      (_parent, _args, { viewer }) => titled(viewer.role),
      authenticated(),
    );
    await using environment = await startEnvironment(bff, CACHED);
    const answers: TestResponse[] = [];
    for (const as of [CAST.customer, CAST.otherCustomer, 'staff'] as const) {
      answers.push(await environment.send(ANNOUNCEMENTS, { as }));
    }
    assert.deepEqual(
      answers.map((answer) => [answer.body.data.announcements[0].title, isHit(answer)]),
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
      withAnnouncements(() => titled('x'), allowed),
      loadConfig({}, mobile),
    );

  it('does not start with a PUBLIC field whose rule reads the viewer', async () => {
    const own = ownerOrStaff('announcement', () => CAST.customer);
    await assert.rejects(
      start(own),
      /Query\.announcements is PUBLIC, but its rule reads the viewer/,
    );
  });

  it('does not start with a rule that does not declare what it reads', async () => {
    const undeclared = rule()(() => true);
    await assert.rejects(
      start(undeclared),
      /Query\.announcements: the rule must say what it reads/,
    );
  });
});
