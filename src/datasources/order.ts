import { notFound } from '../errors.ts';
import type { CallContext } from '../upstream/call-context.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createMemo, type FirstPageKey, firstPageCacheKey } from './memo.ts';
import type { MutationResult, NewOrder, Order, OrderStatus, PageRequest } from './models.ts';
import { changedTags, rejected } from './mutation-result.ts';
import {
  readBatch,
  readCancelled,
  readLists,
  readPage,
  readPlaced,
  readRecent,
} from './order-decoder.ts';
import { tagOf } from './tag.ts';
import { checkId, fromCursor, target } from './target.ts';

interface OrderPageRequest extends PageRequest {
  readonly status?: OrderStatus | null | undefined;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

const orderTag = (id: string): string => tagOf('Order', id);

/** Of a list of one user's orders, and of one that shows only those of a status. */
const listTags = (user: string, status?: string): string[] => [
  `orders:user=${user}`,
  ...(status ? [`orders:user=${user}&status=${status}`] : []),
];

/** What an order's cancelling changes: the order, and which lists by status it is in. */
const cancelledTags =
  (id: string, { viewer }: CallContext) =>
  (outcome?: MutationResult<Order>): readonly string[] => {
    const owner = outcome?.value?.customerId ?? (viewer.role === 'customer' && viewer.id);
    // Whose it is may not be known when the outcome is not: then all lists of orders may be wrong.
    const lists = owner
      ? ['placed', 'cancelled'].map((status) => `orders:user=${owner}&status=${status}`)
      : ['orders'];
    return changedTags(outcome, [orderTag(id), ...lists]);
  };

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
  const recent = upstream.read('recentOrders', 'public');
  const place = upstream.write('placeOrder');
  const cancel = upstream.write('cancelOrder');

  return (call: CallContext) => {
    const orders = createMemo((id: string) => byId(id, call), String);
    const newest = createMemo(
      ({ user, ...lane }: FirstPageKey) => newestOf(user, call, lane),
      firstPageCacheKey,
    );

    async function pageAfter(after: string, user: string, first: number, status?: string) {
      const cursor = fromCursor('orders', after);
      const path = target(['orders'], { user, limit: first, cursor, status });
      return page({ target: path, items: first }, call, readPage(cursor, user, first));
    }

    return {
      /** @throws BffError NOT_FOUND */
      async byId(id: string): Promise<Order> {
        checkId(id);
        call.recorder?.addTags?.([orderTag(id)]);
        return orders.load(id);
      },

      /** One user's orders, newest first. */
      async byUser(userId: string, { first, after, status }: OrderPageRequest) {
        const user = checkId(userId);
        const wanted = status?.toLowerCase();
        call.recorder?.addTags?.(listTags(user, wanted));
        const found = await (after == null
          ? newest.load({ user, first, status: wanted })
          : pageAfter(after, user, first, wanted));
        call.recorder?.addTags?.(found.edges.map(({ node }) => orderTag(node.id)));
        return found;
      },

      /** The newest orders of everyone. */
      async recent(first: number): Promise<Order[]> {
        call.recorder?.addTags?.(['orders:recent']);
        const path = target(['orders'], { recent: first });
        const found = await recent({ target: path, items: first }, call, readRecent(first));
        call.recorder?.addTags?.(found.map(({ id }) => orderTag(id)));
        return found;
      },

      /** Places an order, once for each user and key, however often it is sent. */
      async place(userId: string, { idempotencyKey, currency, items }: NewOrder) {
        if (!IDEMPOTENCY_KEY.test(idempotencyKey)) {
          return rejected<Order>([{ code: 'INVALID', field: ['idempotencyKey'] }]);
        }
        newest.clearAll();
        const json = { userId: checkId(userId), currency, items };
        const headers = { 'idempotency-key': idempotencyKey };
        const tags = ['orders:recent', ...listTags(userId, 'placed')];
        const tagsOf = (outcome?: MutationResult<Order>) => changedTags(outcome, tags);
        const path = target(['orders']);
        const change = { method: 'POST', target: path, json, headers, tagsOf } as const;
        const outcome = await place(change, call, readPlaced(userId));
        if (outcome.value) orders.clear(outcome.value.id).prime(outcome.value.id, outcome.value);
        return outcome;
      },

      /** @returns the order if it was cancelled; if it has left, only the problem */
      async cancel(id: string): Promise<MutationResult<Order>> {
        const path = target(['orders', checkId(id), 'cancel']);
        newest.clearAll();
        orders.clear(id);
        const change = { method: 'POST', target: path, tagsOf: cancelledTags(id, call) } as const;
        const outcome = await cancel(change, call, readCancelled(id));
        if (outcome.value) orders.prime(id, outcome.value);
        return outcome;
      },
    };
  };
}
