import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { createOrderService } from '../../../../services/order/service.ts';
import { BASE_TIME_MS, CAST, DAY_MS } from '../../../../services/support/cast.ts';
import { toCursor as toServiceCursor } from '../../../../services/support/page.ts';
import { toCursor } from '../../../../src/datasources/target.ts';
import { type Domain, mutationKind, UNKNOWN_ID, usually } from '../domain.ts';

export const domain: Domain = {
  mutations: {
    placeOrder: mutationKind({
      declared: '$input: PlaceOrderInput!',
      variable: 'input',
      details: fc.record({
        sku: usually('BAG-TOTE', 'PAPER-NOTE', 'NO-SUCH'),
        quantity: usually(1, 2, 99, 0),
        currency: usually('EUR', 'JPY', 'XXX'),
      }),
      inputFor: async (_services, _owner, { sku, quantity, currency }) => ({
        idempotencyKey: randomUUID(),
        currency,
        items: [{ sku, quantity }],
      }),
      serviceCall: (userId, { idempotencyKey, ...body }) => ({
        service: 'order',
        path: '/orders',
        headers: { 'idempotency-key': idempotencyKey },
        body: { userId, ...body },
      }),
    }),
    cancelOrder: mutationKind({
      declared: '$id: ID!',
      variable: 'id',
      details: fc.constant(undefined),
      async inputFor(services, owner) {
        const path = `/orders?user=${owner}&limit=1`;
        const { orders } = await services.read('order', path);
        const placed = await services.read('order', `${path}&status=placed`);
        return placed.orders[0]?.id ?? orders[0]?.id ?? UNKNOWN_ID;
      },
      serviceCall: (_owner, id) => ({ service: 'order', path: `/orders/${id}/cancel`, body: {} }),
    }),
  },
  cursors: {
    orders: toCursor('orders', toServiceCursor([BASE_TIME_MS - 90 * DAY_MS, 20_000])),
  },
  seededIds: seededOrderIds,
};

/** Ids of orders of several customers, some of which can be cancelled, and of the next new order. */
async function seededOrderIds(): Promise<string[]> {
  const service = await createOrderService();
  const idsFor = async (search: string): Promise<string[]> => {
    const { orders } = (await service.inject(`/orders?${search}`)).json();
    return orders.map(({ id }: { id: string }) => id);
  };
  const ids = await Promise.all([
    idsFor(`user=${CAST.customer}&status=placed&limit=1`),
    idsFor(`user=${CAST.customer}&status=shipped&limit=1`),
    idsFor(`user=${CAST.otherCustomer}&status=placed&limit=1`),
    idsFor(`user=${CAST.deleted}&limit=1`),
  ]);
  const last = Math.max(...(await idsFor('recent=100')).map(Number));
  await service.close();
  return [...ids.flat(), String(last + 1)];
}
