import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { issueToken } from '../../services/support/tokens.ts';
import { SCOPES } from '../../src/auth/rules.ts';
import { outcomeOf } from '../cache/environment.ts';
import { shareCached } from '../cache/shared-environment.ts';
import type { Json, TestViewer } from '../support/environment.ts';
import { scalarsIn } from '../support/field-paths.ts';

const ME = CAST.customer;
const OTHER = CAST.otherCustomer;
const NODE = 'query ($id: ID!) { node(id: $id) { __typename nodeId } }';
const REFETCH = `query ($id: ID!) { node(id: $id) {
  ... on Announcement { id title } ... on Notification { id title } ... on Order { id status }
  ... on Profile { id name } ... on User { id name orders(first: 1) { edges { node { id } } } }
  ... on Viewer { id role } } }`;
const MINE = `query ($me: ID!) {
  viewer { id nodeId user { id nodeId } orders(first: 50) { edges { node { id nodeId } } }
    notifications(first: 50) { edges { node { id nodeId } } } }
  profile(id: $me) { id nodeId } announcements { id nodeId } }`;

const REFUSED = 'There is no such';

/** What each viewer gets for an object of user 42, or for a public one. */
const RIGHTS = {
  Announcement: { anonymous: 'yes', other: 'yes', staff: 'yes', scope: undefined },
  Notification: {
    anonymous: 'UNAUTHENTICATED',
    other: 'NOT_FOUND',
    staff: 'NOT_FOUND',
    scope: 'notifications:read',
  },
  Order: { anonymous: 'UNAUTHENTICATED', other: 'NOT_FOUND', staff: 'yes', scope: 'orders:read' },
  Profile: { anonymous: 'yes', other: 'yes', staff: 'yes', scope: undefined },
  User: { anonymous: 'UNAUTHENTICATED', other: 'NOT_FOUND', staff: 'yes', scope: 'profile:read' },
  Viewer: {
    anonymous: 'UNAUTHENTICATED',
    other: 'NOT_FOUND',
    staff: 'NOT_FOUND',
    scope: 'orders:read',
  },
} as const;
type Type = keyof typeof RIGHTS;
const TYPES = Object.keys(RIGHTS) as Type[];

const nodesOf = ({ edges }: Json): Json[] => edges.map(({ node }: Json) => node);

describe('Query.node of the web BFF', () => {
  const environment = shareCached(web);

  /** All objects that user 42 sees, by type. */
  async function myObjects(): Promise<Record<Type, Json[]>> {
    const { body } = await environment.send(MINE, { as: ME, variables: { me: ME } });
    const { viewer, profile, announcements } = body.data;
    return {
      Announcement: announcements,
      Notification: nodesOf(viewer.notifications),
      Order: nodesOf(viewer.orders),
      Profile: [profile],
      User: [viewer.user],
      Viewer: [viewer],
    };
  }

  async function myNodeId(type: Type): Promise<string> {
    const [first] = (await myObjects())[type];
    return first.nodeId;
  }

  const get = async (id: string, as: TestViewer, query = NODE) =>
    (await environment.send(query, { as, variables: { id } })).body;
  const outcome = ({ data, errors }: Json): string =>
    errors?.[0].extensions.code ?? (data.node ? 'yes' : 'null');

  it('finds objects by ids that no two of them share, whatever their types', async () => {
    const objects = Object.values(await myObjects()).flat();
    const ids = objects.map(({ id }) => id);
    assert.ok(new Set(ids).size < ids.length, '`id` is unique among the objects of one type only');
    assert.equal(new Set(objects.map(({ nodeId }) => nodeId)).size, objects.length);
  });

  for (const type of TYPES) {
    const { anonymous, other, staff, scope } = RIGHTS[type];

    it(`returns the ${type} that has the id`, async () => {
      const [first] = (await myObjects())[type];
      const expected = { node: { __typename: type, nodeId: first.nodeId } };
      assert.deepEqual(await get(first.nodeId, ME), { data: expected });
      const { data, errors } = await get(first.nodeId, ME, REFETCH);
      assert.equal(errors, undefined);
      assert.equal(data.node.id, first.id);
    });

    it(`gives a ${type} to those who may see it by other fields, and to no others`, async () => {
      const id = await myNodeId(type);
      assert.equal(outcome(await get(id, 'anonymous')), anonymous, 'anonymous');
      assert.equal(outcome(await get(id, OTHER)), other, 'another customer');
      assert.equal(outcome(await get(id, 'staff')), staff, 'staff');
    });

    it(`has the same answer for a ${type} of somebody else and for one that does not exist`, async () => {
      const viewers: TestViewer[] = ['anonymous', OTHER, 'staff'];
      for (const as of viewers) {
        const foreign = await get(await myNodeId(type), as);
        const missing = await get(`${type}:999999`, as);
        if (!foreign.errors) continue;
        assert.deepEqual(scalarsIn(missing.data), scalarsIn(foreign.data));
        const messages = [missing, foreign].map(({ errors }) => errors[0].message);
        assert.equal(messages[0], messages[1]);
      }
    });

    if (scope === undefined) continue;

    it(`gives a ${type} to a client with its scope, and to no client without`, async () => {
      const id = await myNodeId(type);
      const send = async (scopes: readonly string[]) => {
        const token = await issueToken({ userId: ME, role: 'customer', scope: scopes.join(' ') });
        const headers = { authorization: `Bearer ${token}` };
        return (await environment.send(NODE, { variables: { id }, headers })).body;
      };
      assert.equal(outcome(await send([scope])), 'yes');
      const allowed = type === 'Viewer' ? SCOPES.filter((each) => each.endsWith(':read')) : [scope];
      const others = SCOPES.filter((each) => !allowed.includes(each));
      assert.equal(outcome(await send(others)), 'FORBIDDEN');
    });
  }

  it('has NOT_FOUND for texts that are not the id of an object', async () => {
    for (const id of [
      '',
      '42',
      ':',
      'Order',
      'Order:',
      'Money:1',
      'order:1',
      'toString:1',
      '__proto__:1',
    ]) {
      const { data, errors } = await get(id, 'staff');
      assert.equal(data.node, null, id);
      assert.match(errors[0].message, new RegExp(REFUSED), id);
      assert.equal(errors[0].extensions.code, 'NOT_FOUND', id);
    }
  });

  it('has null without an error for a deleted account', async () => {
    assert.deepEqual(await get(`Profile:${CAST.deleted}`, ME), { data: { node: null } });
  });

  it('reads the objects of one request in one call for each service', async () => {
    const { Order: orders } = await myObjects();
    environment.reset();
    const parts = orders
      .slice(0, 5)
      .map(({ nodeId }, n) => `n${n}: node(id: "${nodeId}") { nodeId }`);
    const users = [ME, OTHER].map((id, n) => `u${n}: node(id: "Profile:${id}") { nodeId }`);
    const { body } = await environment.send(`{ ${[...parts, ...users].join(' ')} }`, { as: ME });
    assert.equal(body.errors, undefined);
    const operations = environment.calls().map(({ operation }) => operation);
    assert.deepEqual(operations.toSorted(), ['ordersByIds', 'usersByIds']);
  });

  it('answers from the cache until the object changes, and only its viewer', async () => {
    const [order] = (await myObjects()).Order;
    const variables = { id: order.nodeId };
    const send = (as: TestViewer) => environment.send(REFETCH, { as, variables });
    assert.deepEqual([outcomeOf(await send(ME)), outcomeOf(await send(ME))], ['stored', 'hit']);
    assert.notEqual(outcomeOf(await send('staff')), 'hit');
    const cancel = 'mutation ($id: ID!) { cancelOrder(id: $id) { order { id status } } }';
    const { body } = await environment.send(cancel, { as: ME, variables: { id: order.id } });
    assert.equal(body.data.cancelOrder.order.status, 'CANCELLED');
    const after = await send(ME);
    assert.equal(after.body.data.node.status, 'CANCELLED');
    assert.equal(outcomeOf(after), 'stored');
  });

  it('costs as much as its most expensive selection', async () => {
    const headers = { 'graphql-cost': 'report' };
    const { body } = await environment.send(REFETCH, {
      as: ME,
      variables: { id: 'Viewer:42' },
      headers,
    });
    // The node; the connection, its edge and its node.
    assert.equal(body.extensions.cost.requested, 1 + 1 + 1 + 1);
  });
});
