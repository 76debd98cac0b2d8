import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';
import { mutate, userErrorsOf } from './mutate.ts';

const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  order { id status total { amount currency } items { sku quantity } }
  userErrors { code field message }
} }`;
const CANCEL = `mutation ($id: ID!) { cancelOrder(id: $id) {
  order { id status } userErrors { code field message } } }`;

const orderInput = (
  idempotencyKey: string,
  items: Json = [{ sku: 'PAPER-NOTE', quantity: 2 }],
) => ({
  input: { idempotencyKey, currency: 'EUR', items },
});
const isPlaced = ({ status }: Json): boolean => status === 'placed';

for (const bff of [web, mobile]) {
  describe(`The ${bff.name} BFF`, () => {
    let environment: Environment;
    before(async () => {
      environment = await startEnvironment(bff);
    });
    beforeEach(() => environment.reset());
    after(() => environment[Symbol.asyncDispose]());

    const place = (variables: ReturnType<typeof orderInput>, as?: string) =>
      mutate(environment, PLACE, variables, as);
    const cancel = (id: string) => mutate(environment, CANCEL, { id });
    const ordersOf = async (user: string): Promise<Json[]> =>
      (await environment.read('order', `/orders?user=${user}&limit=100`)).orders;

    it('places an order that the next read returns', async () => {
      const { order, userErrors } = await place(orderInput('place-1'));
      assert.deepEqual(userErrors, []);
      assert.equal(order.status, 'PLACED');
      assert.equal(order.total.currency, 'EUR');
      assert.deepEqual(order.items, [{ sku: 'PAPER-NOTE', quantity: 2 }]);
      const list =
        bff === web
          ? '{ viewer { orders(first: 1) { edges { node { id } } } } }'
          : '{ dashboard { orders(first: 1) { id } } }';
      const { body } = await environment.send(list, { as: CAST.customer });
      assert.match(JSON.stringify(body.data), new RegExp(`"id":"${order.id}"`));
    });

    it('places one order for an idempotency key, also under concurrent repetition', async () => {
      const before = (await ordersOf(CAST.customer)).length;
      const payloads = await Promise.all(
        Array.from({ length: 10 }, () => place(orderInput('once'))),
      );
      assert.equal(new Set(payloads.map(({ order }) => order.id)).size, 1);
      assert.equal((await ordersOf(CAST.customer)).length, before + 1);
    });

    it('separates the idempotency keys of viewers', async () => {
      const own = await place(orderInput('shared-key'));
      const another = await place(orderInput('shared-key'), CAST.otherCustomer);
      assert.notEqual(own.order.id, another.order.id);
    });

    it('rejects an idempotency key that was used for a different order', async () => {
      await place(orderInput('reused'));
      const again = await place(orderInput('reused', [{ sku: 'WEAR-SOCKS', quantity: 1 }]));
      assert.equal(again.order, null);
      assert.deepEqual(userErrorsOf(again), [['IDEMPOTENCY_KEY_REUSED', 'input.idempotencyKey']]);
    });

    it('returns every user error of an order', async () => {
      const items = [
        { sku: 'NO-SUCH', quantity: 1 },
        { sku: 'PAPER-NOTE', quantity: 0 },
      ];
      const invalid = await place(orderInput('invalid-1', items));
      assert.equal(invalid.order, null);
      assert.deepEqual(userErrorsOf(invalid), [
        ['UNKNOWN_SKU', 'input.items.0.sku'],
        ['OUT_OF_RANGE', 'input.items.1.quantity'],
      ]);
      assert.ok(invalid.userErrors.every(({ message }: Json) => message.endsWith('.')));
      assert.deepEqual(userErrorsOf(await place(orderInput('invalid-2', []))), [
        ['EMPTY', 'input.items'],
      ]);
      const { input } = orderInput('invalid-3');
      assert.deepEqual(userErrorsOf(await place({ input: { ...input, currency: 'XXX' } })), [
        ['UNKNOWN_CURRENCY', 'input.currency'],
      ]);
    });

    it('sends no call upstream for a malformed idempotency key', async () => {
      for (const key of ['', 'with space', 'x'.repeat(129), 'a\r\nb: c', 'ключ']) {
        environment.reset();
        const invalid = await place(orderInput(key));
        assert.deepEqual(userErrorsOf(invalid), [['INVALID', 'input.idempotencyKey']]);
        assert.deepEqual(environment.calls(), []);
      }
    });

    it('cancels an order, and changes nothing when it is cancelled again', async () => {
      const { order: placed } = await place(orderInput('to-cancel'));
      for (let time = 0; time < 2; time++) {
        const { order: cancelled, userErrors } = await cancel(placed.id);
        assert.deepEqual(cancelled, { id: placed.id, status: 'CANCELLED' });
        assert.deepEqual(userErrors, []);
      }
      assert.equal((await environment.read('order', `/orders/${placed.id}`)).status, 'cancelled');
    });

    it('does not cancel a shipped order, and returns it as it is', async () => {
      const orders = await ordersOf(CAST.customer);
      const { id } = orders.find(({ status }) => status === 'shipped');
      const payload = await cancel(id);
      assert.deepEqual(payload.order, { id, status: 'SHIPPED' });
      assert.deepEqual(userErrorsOf(payload), [['NOT_CANCELLABLE', 'id']]);
    });

    it("cancels neither a missing order nor another's, with the same error", async () => {
      const another = (await ordersOf(CAST.otherCustomer)).find(isPlaced);
      for (const id of [another.id, '999999', 'none']) {
        const { body } = await environment.send(CANCEL, { as: CAST.customer, variables: { id } });
        assert.deepEqual(body.data, { cancelOrder: null });
        assert.equal(body.errors[0].message, 'There is no such order.');
        assert.equal(body.errors[0].extensions.code, 'NOT_FOUND');
      }
      assert.equal((await environment.read('order', `/orders/${another.id}`)).status, 'placed');
    });

    it('executes mutations of one request in order, each with the effects of those before it', async () => {
      const { id } = (await ordersOf(CAST.otherCustomer)).find(isPlaced);
      const query = `mutation ($id: ID!) {
        first: cancelOrder(id: $id) { order { status } }
        second: cancelOrder(id: $id) { order { status } userErrors { code } }
      }`;
      const { body } = await environment.send(query, {
        as: CAST.otherCustomer,
        variables: { id },
      });
      assert.deepEqual(body.data, {
        first: { order: { status: 'CANCELLED' } },
        second: { order: { status: 'CANCELLED' }, userErrors: [] },
      });
    });

    it('sends a failed mutation once only, and reports an unknown outcome', async () => {
      const { order: placed } = await place(orderInput('fails'));
      environment.reset();
      environment.services.order.control.faults({ cancelOrder: { status: 500 } });
      const { body } = await environment.send(CANCEL, {
        as: CAST.customer,
        variables: { id: placed.id },
      });
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
      const calls = environment.calls().filter(({ operation }) => operation === 'cancelOrder');
      assert.equal(calls.length, 1);
    });
  });
}
