import { notFound } from '../errors.ts';
import type { Call } from './call.ts';
import { createMemo, type Newest, nameNewest } from './memo.ts';
import type { NewOrder, Order, OrderStatus, Outcome, PageRequest } from './models.ts';
import {
  readBatch,
  readCancelled,
  readLists,
  readPage,
  readPlaced,
  readRecent,
} from './order-wire.ts';
import { refused } from './outcome.ts';
import { checkId, fromCursor, target } from './target.ts';
import type { Upstream } from './upstream.ts';

interface OrderPageRequest extends PageRequest {
  readonly status?: OrderStatus | null | undefined;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

/** Orders. */
export function createOrderSource(upstream: Upstream) {
  const byId = upstream.batch('ordersByIds', {
    target: (ids) => target(['orders'], { ids }),
    read: () => readBatch,
    absent: () => notFound('order'),
  });
  const newestOf = upstream.batch('ordersByUsers', {
    target: (users, { first, status }) => target(['orders'], { users, limit: first, status }),
    read: readLists,
    absent: () => notFound('user'),
  });
  const page = upstream.read('ordersByUser', 'viewer');
  const recent = upstream.read('recentOrders', 'viewer');
  const place = upstream.write('placeOrder');
  const cancel = upstream.write('cancelOrder');

  return (call: Call) => {
    const orders = createMemo((id: string) => byId(id, call), String);
    const newest = createMemo(
      ({ user, ...lane }: Newest) => newestOf(user, call, lane),
      nameNewest,
    );

    return {
      /** @throws BffError NOT_FOUND */
      byId: async (id: string): Promise<Order> => orders.load(checkId(id)),

      /** One user's orders, newest first. */
      async byUser(userId: string, { first, after, status }: OrderPageRequest) {
        const user = checkId(userId);
        const wanted = status?.toLowerCase();
        if (after == null) return newest.load({ user, first, status: wanted });
        const cursor = fromCursor('orders', after);
        const parameters = { user, limit: first, cursor, status: wanted };
        const path = target(['orders'], parameters);
        return page({ target: path, items: first }, call, readPage(cursor, user, first));
      },

      /** The newest orders of everyone. */
      recent: (first: number): Promise<Order[]> =>
        recent(
          { target: target(['orders'], { recent: first }), items: first },
          call,
          readRecent(first),
        ),

      /** Places an order, once for each user and key, however often it is sent. */
      async place(userId: string, { idempotencyKey, currency, items }: NewOrder) {
        if (!IDEMPOTENCY_KEY.test(idempotencyKey)) {
          return refused<Order>([{ code: 'INVALID', field: ['idempotencyKey'] }]);
        }
        newest.clearAll();
        const json = { userId: checkId(userId), currency, items };
        const headers = { 'idempotency-key': idempotencyKey };
        const sending = { method: 'POST', target: target(['orders']), json, headers } as const;
        const outcome = await place(sending, call, readPlaced(userId));
        if (outcome.value) orders.clear(outcome.value.id).prime(outcome.value.id, outcome.value);
        return outcome;
      },

      /** @returns the order if it was cancelled; if it has left, only the problem */
      async cancel(id: string): Promise<Outcome<Order>> {
        const path = target(['orders', checkId(id), 'cancel']);
        newest.clearAll();
        orders.clear(id);
        const outcome = await cancel({ method: 'POST', target: path }, call, readCancelled(id));
        if (outcome.value) orders.prime(id, outcome.value);
        return outcome;
      },
    };
  };
}
