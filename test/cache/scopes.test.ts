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

const CACHED = { CACHE_MEMORY_MB: '64' };
const ANNOUNCEMENTS = '{ announcements { id title } }';
const CUSTOMERS = '{ customers(first: 2) { edges { node { id name } } } }';

const isHit = ({ headers }: Answer) => /; hit;/.test(headers.get('cache-status') ?? '');

/** The mobile BFF with other announcements and another rule for them. */
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

describe('an answer is shared', () => {
  it('among everyone, where it says PUBLIC and no rule is in the way', async () => {
    await using world = await startWorld(mobile, CACHED);
    const askers: Asker[] = [CAST.customer, CAST.otherCustomer, 'staff', 'anonymous'];
    const answers: Answer[] = [];
    for (const as of askers) answers.push(await world.ask(ANNOUNCEMENTS, { as }));
    assert.deepEqual(answers.map(isHit), [false, true, true, true]);
  });

  it('among those who may do the same, where a rule looks at that', async () => {
    await using world = await startWorld(web, CACHED);
    const whole = await world.ask(CUSTOMERS, { as: 'staff' });
    const again = await world.ask(CUSTOMERS, { as: 'staff' });
    assert.ok(isHit(again));
    assert.deepEqual(again.body, whole.body);
    for (const as of [CAST.customer, 'anonymous'] as const) {
      const refused = await world.ask(CUSTOMERS, { as });
      assert.equal(refused.body.data.customers, null);
      assert.ok(!isHit(refused));
    }
  });

  it('with nobody, where a rule below looks at who is asking', async () => {
    await using world = await startWorld(web, CACHED);
    const query = '{ recentOrders(first: 1) { id customer { id } } }';
    const cacheControl = (await world.ask(query, { as: 'staff' })).headers.get('vary');
    assert.match(cacheControl ?? '', /Authorization/);
    assert.ok(isHit(await world.ask(query, { as: 'staff' })));
    assert.equal((await world.ask(query, { as: CAST.customer })).body.data.recentOrders, null);
  });
});

describe('while an answer is made that others get as well', () => {
  const resolver = withAnnouncements((_parent, _args, { viewer }) =>
    titled('id' in viewer ? viewer.id : 'nobody'),
  );

  it('looking at who is asking is an error, so that tests find it', async () => {
    await using world = await startWorld(resolver, CACHED);
    const { body } = await world.ask(ANNOUNCEMENTS, { as: CAST.customer });
    assert.equal(body.errors[0].extensions.code, 'INTERNAL_SERVER_ERROR');
    assert.equal(body.data.announcements, null);
  });

  it('it keeps the answer from being kept, where users would meet the error', async () => {
    await using world = await startWorld(resolver, { ...CACHED, NODE_ENV: 'development' });
    for (const as of [CAST.customer, CAST.otherCustomer, CAST.customer]) {
      const answer = await world.ask(ANNOUNCEMENTS, { as });
      assert.deepEqual(answer.body.data.announcements, titled(as));
      assert.ok(!isHit(answer));
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
  });

  it('what all may do who get it can be looked at', async () => {
    const bff = withAnnouncements(
      (_parent, _args, { viewer }) => titled(viewer.role),
      authenticated(),
    );
    await using world = await startWorld(bff, CACHED);
    const answers: Answer[] = [];
    for (const as of [CAST.customer, CAST.otherCustomer, 'staff'] as const) {
      answers.push(await world.ask(ANNOUNCEMENTS, { as }));
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

describe('a BFF does not start', () => {
  const start = (allowed: unknown) =>
    createServer(
      withAnnouncements(() => titled('x'), allowed),
      loadConfig({}, mobile),
    );

  it('with a PUBLIC field whose rule looks at who is asking', async () => {
    const own = ownerOrStaff('announcement', () => CAST.customer);
    await assert.rejects(start(own), /Query\.announcements is PUBLIC, but its rule looks at who/);
  });

  it('with a rule that does not say what it looks at', async () => {
    const silent = rule()(() => true);
    await assert.rejects(start(silent), /Query\.announcements: the rule must say what it reads/);
  });
});
