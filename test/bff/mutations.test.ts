import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';

const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  order { id status total { amount currency } items { sku quantity } }
  userErrors { code field message }
} }`;
const CANCEL = `mutation ($id: ID!) { cancelOrder(id: $id) {
  order { id status } userErrors { code field message } } }`;
const MARK = `mutation ($ids: [ID!]!) { markNotificationsRead(ids: $ids) {
  notifications { id readAt } unreadCount userErrors { code field message } } }`;
const UPDATE = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
  user { id name avatarUrl locale } userErrors { code field message } } }`;

for (const bff of [web, mobile]) {
  describe(`${bff.name}: mutations`, () => {
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    beforeEach(() => environment.reset());
    after(() => environment[Symbol.asyncDispose]());

    async function change(query: string, variables: object, as: string = CAST.customer) {
      const { status, body } = await environment.send(query, { as, variables: { ...variables } });
      assert.equal(status, 200);
      assert.equal(body.errors, undefined, JSON.stringify(body.errors));
      return Object.values(body.data)[0] as Json;
    }
    const order = (idempotencyKey: string, items: Json = [{ sku: 'PAPER-NOTE', quantity: 2 }]) => ({
      input: { idempotencyKey, currency: 'EUR', items },
    });
    const faults = ({ userErrors }: Json) =>
      userErrors.map(({ code, field }: Json) => [code, field?.join('.') ?? null]);
    const ordersOf = async (user: string) =>
      (await environment.read('order', `/orders?user=${user}&limit=100`)).orders;

    it('place an order, seen by the next read', async () => {
      const { order: placed, userErrors } = await change(PLACE, order('place-1'));
      assert.deepEqual(userErrors, []);
      assert.equal(placed.status, 'PLACED');
      assert.equal(placed.total.currency, 'EUR');
      assert.deepEqual(placed.items, [{ sku: 'PAPER-NOTE', quantity: 2 }]);
      const list =
        bff === web
          ? '{ viewer { orders(first: 1) { edges { node { id } } } } }'
          : '{ dashboard { orders(first: 1) { id } } }';
      const { body } = await environment.send(list, { as: CAST.customer });
      assert.match(JSON.stringify(body.data), new RegExp(`"id":"${placed.id}"`));
    });

    it('order once for one key, however often and however fast it is repeated', async () => {
      const before = (await ordersOf(CAST.customer)).length;
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => change(PLACE, order('once'))),
      );
      assert.equal(new Set(answers.map((answer) => answer.order.id)).size, 1);
      assert.equal((await ordersOf(CAST.customer)).length, before + 1);
    });

    it('keep one viewer apart from another who uses the same key', async () => {
      const mine = await change(PLACE, order('shared-key'));
      const theirs = await change(PLACE, order('shared-key'), CAST.otherCustomer);
      assert.notEqual(mine.order.id, theirs.order.id);
    });

    it('refuse a key that was used for another order', async () => {
      await change(PLACE, order('reused'));
      const again = await change(PLACE, order('reused', [{ sku: 'WEAR-SOCKS', quantity: 1 }]));
      assert.equal(again.order, null);
      assert.deepEqual(faults(again), [['IDEMPOTENCY_KEY_REUSED', 'input.idempotencyKey']]);
    });

    it('say of an order all that is wrong with it', async () => {
      const items = [
        { sku: 'NO-SUCH', quantity: 1 },
        { sku: 'PAPER-NOTE', quantity: 0 },
      ];
      const wrong = await change(PLACE, order('wrong-1', items));
      assert.equal(wrong.order, null);
      assert.deepEqual(faults(wrong), [
        ['UNKNOWN_SKU', 'input.items.0.sku'],
        ['OUT_OF_RANGE', 'input.items.1.quantity'],
      ]);
      assert.ok(wrong.userErrors.every(({ message }: Json) => message.endsWith('.')));
      assert.deepEqual(faults(await change(PLACE, order('wrong-2', []))), [
        ['EMPTY', 'input.items'],
      ]);
      const { input } = order('wrong-3');
      assert.deepEqual(faults(await change(PLACE, { input: { ...input, currency: 'XXX' } })), [
        ['UNKNOWN_CURRENCY', 'input.currency'],
      ]);
    });

    it('send nothing upstream for a key that is no key', async () => {
      for (const key of ['', 'with space', 'x'.repeat(129), 'a\r\nb: c', 'ключ']) {
        environment.reset();
        const wrong = await change(PLACE, order(key));
        assert.deepEqual(faults(wrong), [['INVALID', 'input.idempotencyKey']]);
        assert.deepEqual(environment.calls(), []);
      }
    });

    it('cancel an order once; cancelling it again changes nothing', async () => {
      const { order: placed } = await change(PLACE, order('to-cancel'));
      for (let time = 0; time < 2; time++) {
        const { order: cancelled, userErrors } = await change(CANCEL, { id: placed.id });
        assert.deepEqual(cancelled, { id: placed.id, status: 'CANCELLED' });
        assert.deepEqual(userErrors, []);
      }
      assert.equal((await environment.read('order', `/orders/${placed.id}`)).status, 'cancelled');
    });

    it('do not cancel what has left, and show it as it is', async () => {
      const { id } = (await ordersOf(CAST.customer)).find(
        ({ status }: Json) => status === 'shipped',
      );
      const refused = await change(CANCEL, { id });
      assert.deepEqual(refused.order, { id, status: 'SHIPPED' });
      assert.deepEqual(faults(refused), [['NOT_CANCELLABLE', 'id']]);
    });

    it('answer NOT_FOUND alike for a missing order and one of somebody else, and cancel neither', async () => {
      const foreign = (await ordersOf(CAST.otherCustomer)).find(
        ({ status }: Json) => status === 'placed',
      );
      for (const id of [foreign.id, '999999', 'none']) {
        const { body } = await environment.send(CANCEL, { as: CAST.customer, variables: { id } });
        assert.deepEqual(body.data, { cancelOrder: null });
        assert.equal(body.errors[0].message, 'There is no such order.');
        assert.equal(body.errors[0].extensions.code, 'NOT_FOUND');
      }
      assert.equal((await environment.read('order', `/orders/${foreign.id}`)).status, 'placed');
    });

    it("mark notifications read, count again, and name each id that is not the viewer's", async () => {
      const unread = async (user: string, limit: number) =>
        (
          await environment.read(
            'notification',
            `/notifications?user=${user}&unread=true&limit=${limit}`,
          )
        ).notifications;
      const own = (await unread(CAST.customer, 2)).map(({ id }: Json) => id);
      const foreignBefore = await unread(CAST.otherCustomer, 50);
      const [foreign] = foreignBefore;
      const answer = await change(MARK, { ids: [own[0], foreign.id, own[1], 'none'] });
      assert.deepEqual(answer.notifications.map(({ id }: Json) => id).sort(), own.sort());
      assert.ok(answer.notifications.every(({ readAt }: Json) => readAt));
      assert.equal(answer.unreadCount, CUSTOMER_UNREAD - 2);
      assert.deepEqual(faults(answer), [
        ['NOT_FOUND', 'ids.1'],
        ['NOT_FOUND', 'ids.3'],
      ]);
      assert.deepEqual(await unread(CAST.otherCustomer, 50), foreignBefore);
    });

    it('take 1 to 100 ids of notifications', async () => {
      for (const [count, code, says] of [
        [0, 'BAD_USER_INPUT', /1 to 100 entries, not 0/],
        [101, 'QUERY_TOO_COMPLEX', /a list is 101: at most 100/],
      ] as const) {
        const ids = Array.from({ length: count }, (_, index) => `n${index}`);
        const { body } = await environment.send(MARK, { as: CAST.customer, variables: { ids } });
        assert.equal(body.errors[0].extensions.code, code);
        assert.match(body.errors[0].message, says);
      }
    });

    it('change what is given of the profile, and leave the rest', async () => {
      const before = await environment.read('user', `/users/${CAST.customer}`);
      const { user } = await change(UPDATE, { input: { name: 'Amara 🦊 O.' } });
      assert.equal(user.name, 'Amara 🦊 O.');
      assert.equal(user.avatarUrl, before.avatarUrl);
      const { body } = await environment.send(`{ profile(id: "${CAST.customer}") { name } }`);
      assert.equal(body.data.profile.name, 'Amara 🦊 O.');
      const gone = await change(UPDATE, { input: { avatarUrl: null } });
      assert.equal(gone.user.avatarUrl, null);
    });

    it('say of a profile all that is wrong with it, and change nothing', async () => {
      const before = await environment.read('user', `/users/${CAST.customer}`);
      const input = { name: ' ', avatarUrl: 'javascript:alert(1)', locale: 'xx-XX' };
      const refused = await change(UPDATE, { input });
      assert.equal(refused.user, null);
      assert.deepEqual(faults(refused).sort(), [
        ['BLANK', 'input.name'],
        ['INVALID_URL', 'input.avatarUrl'],
        ['UNKNOWN_LOCALE', 'input.locale'],
      ]);
      assert.deepEqual(await environment.read('user', `/users/${CAST.customer}`), before);
    });

    it('show one another what they did, within one request', async () => {
      const ids = (await ordersOf(CAST.otherCustomer)).filter(
        ({ status }: Json) => status === 'placed',
      );
      const query = `mutation ($id: ID!) {
        first: cancelOrder(id: $id) { order { status } }
        second: cancelOrder(id: $id) { order { status } userErrors { code } }
      }`;
      const { body } = await environment.send(query, {
        as: CAST.otherCustomer,
        variables: { id: ids[0].id },
      });
      assert.deepEqual(body.data, {
        first: { order: { status: 'CANCELLED' } },
        second: { order: { status: 'CANCELLED' }, userErrors: [] },
      });
    });

    it('are not sent again after a failure, and do not say that nothing happened', async () => {
      const { order: placed } = await change(PLACE, order('fails'));
      environment.reset();
      environment.services.order.control.faults({ cancelOrder: { status: 500 } });
      const { body } = await environment.send(CANCEL, {
        as: CAST.customer,
        variables: { id: placed.id },
      });
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
      assert.equal(
        environment.calls().filter(({ operation }) => operation === 'cancelOrder').length,
        1,
      );
    });
  });
}
