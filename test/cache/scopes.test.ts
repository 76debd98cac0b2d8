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
import { type Answer, type Asker, startWorld } from '../support/world.ts';
import { CACHED } from './environment.ts';
import { shareCached } from './shared-environment.ts';

const ANNOUNCEMENTS = '{ announcements { id title } }';
const CUSTOMERS = '{ customers(first: 2) { edges { node { id name } } } }';

const isHit = ({ headers }: Answer) => /; hit;/.test(headers.get('cache-status') ?? '');

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
    const viewers: Asker[] = [CAST.customer, CAST.otherCustomer, 'staff', 'anonymous'];
    const answers: Answer[] = [];
    for (const as of viewers) answers.push(await mobileEnvironment.ask(ANNOUNCEMENTS, { as }));
    assert.deepEqual(answers.map(isHit), [false, true, true, true]);
  });

  it('is shared by viewers with the same permissions if a rule reads permissions', async () => {
    const complete = await webEnvironment.ask(CUSTOMERS, { as: 'staff' });
    const again = await webEnvironment.ask(CUSTOMERS, { as: 'staff' });
    assert.ok(isHit(again));
    assert.deepEqual(again.body, complete.body);
    for (const as of [CAST.customer, 'anonymous'] as const) {
      const refused = await webEnvironment.ask(CUSTOMERS, { as });
      assert.equal(refused.body.data.customers, null);
      assert.ok(!isHit(refused));
    }
  });

  it('is shared with nobody if a rule of a nested field reads the viewer', async () => {
    const query = '{ recentOrders(first: 1) { id customer { id } } }';
    const vary = (await webEnvironment.ask(query, { as: 'staff' })).headers.get('vary');
    assert.match(vary ?? '', /Authorization/);
    assert.ok(isHit(await webEnvironment.ask(query, { as: 'staff' })));
    assert.equal(
      (await webEnvironment.ask(query, { as: CAST.customer })).body.data.recentOrders,
      null,
    );
  });
});

describe('Execution for a shared answer', () => {
  const resolver = withAnnouncements((_parent, _args, { viewer }) =>
    titled('id' in viewer ? viewer.id : 'nobody'),
  );

  it('fails in tests if a resolver reads the viewer', async () => {
    await using environment = await startWorld(resolver, CACHED);
    const { body } = await environment.ask(ANNOUNCEMENTS, { as: CAST.customer });
    assert.equal(body.errors[0].extensions.code, 'INTERNAL_SERVER_ERROR');
    assert.equal(body.data.announcements, null);
  });

  it('does not store the answer outside of tests if a resolver reads the viewer', async () => {
    await using environment = await startWorld(resolver, { ...CACHED, NODE_ENV: 'development' });
    for (const as of [CAST.customer, CAST.otherCustomer, CAST.customer]) {
      const answer = await environment.ask(ANNOUNCEMENTS, { as });
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
    await using environment = await startWorld(bff, CACHED);
    const answers: Answer[] = [];
    for (const as of [CAST.customer, CAST.otherCustomer, 'staff'] as const) {
      answers.push(await environment.ask(ANNOUNCEMENTS, { as }));
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
