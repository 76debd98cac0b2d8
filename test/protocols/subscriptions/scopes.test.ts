import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CAST } from '../../../services/support/cast.ts';
import { issueToken } from '../../../services/support/tokens.ts';
import { SCOPES } from '../../../src/auth/rules.ts';
import { subscribeOnce } from '../../support/subscribe-once.ts';
import { type Subscriptions, startSubscriptions } from './harness.ts';

const { customer: user } = CAST;

describe('A subscription of a third-party client', () => {
  let bff: Subscriptions;
  let order: string;
  let notification: string;
  before(async () => {
    bff = await startSubscriptions();
    order = await bff.placeOrder(user);
    notification = await bff.notify(user);
  });
  after(() => bff[Symbol.asyncDispose]());

  /** The first result with a token that has these scopes. */
  async function resultWith(scopes: readonly string[], field: string) {
    const token = await issueToken({ userId: user, scope: scopes.join(' ') });
    const isOrder = field.startsWith('order');
    const type = isOrder ? 'order.changed' : 'notification.created';
    const event = { type, data: { user, id: isOrder ? order : notification } };
    const headers = { authorization: `Bearer ${token}` };
    return subscribeOnce(bff, { query: `subscription { ${field} }` }, headers, event);
  }

  for (const [field, scope] of [
    ['notificationReceived { id }', 'notifications:read'],
    ['orderChanged { id }', 'orders:read'],
  ] as const) {
    it(`gets ${field} with the scope ${scope} only`, async () => {
      const others = SCOPES.filter((other) => other !== scope);
      const refused = await resultWith(others, field);
      assert.deepEqual([refused.data, codesOf(refused)], [undefined, ['FORBIDDEN']]);
      const { data, errors } = await resultWith([scope], field);
      assert.equal(errors, undefined);
      assert.ok(Object.values<{ id: string }>(data)[0]?.id);
    });
  }

  it('gets a field below with the scope of that field only, in each event', async () => {
    const field = 'orderChanged { id customer { name } }';
    const without = await resultWith(['orders:read'], field);
    assert.deepEqual(without.data, { orderChanged: { id: order, customer: null } });
    assert.deepEqual(codesOf(without), ['FORBIDDEN']);
    const { errors } = await resultWith(['orders:read', 'profile:read'], field);
    assert.equal(errors, undefined);
  });
});

const codesOf = ({ errors }: { errors: { extensions: { code: string } }[] }) =>
  errors.map(({ extensions }) => extensions.code);
