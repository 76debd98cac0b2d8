import { notFound } from '../errors.ts';
import type { CallContext } from '../upstream/call-context.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createLaneLoaders, createLoader } from './loader.ts';
import type { MutationResult, NewOrder, Order, OrderStatus, PageRequest } from './models.ts';
import { changedTags, rejected } from './mutation-result.ts';
import {
  decodeBatch,
  decodeCancelled,
  decodeLists,
  decodePage,
  decodePlaced,
  decodeRecent,
} from './order-decoder.ts';
import { tagOf, userListTag } from './tag.ts';
import { checkId, checkUserId, fromCursor, target } from './target.ts';

interface OrderPageRequest extends PageRequest {
  readonly status?: OrderStatus | null | undefined;
}

export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

const RECENT_TAG = 'orders:recent';
const orderTag = (id: string): string => tagOf('Order', id);
const statusTag = (user: string, status: string): string =>
  userListTag('orders', user, `status=${status}`);

/** The tags of a list of one user's orders, optionally filtered by status. */
const listTags = (user: string, status?: string): string[] => [
  userListTag('orders', user),
  ...(status ? [statusTag(user, status)] : []),
];

/** The tags that change when an order is cancelled: the order, and the lists of both statuses. */
const cancelledTags =
  (id: string, { viewer }: CallContext) =>
  (result?: MutationResult<Order>): readonly string[] => {
    const owner = result?.value?.customerId ?? (viewer.role === 'customer' && viewer.id);
    // The owner may be unknown if the outcome is: then all lists of orders may be stale.
    const lists = owner
      ? ['placed', 'cancelled'].map((status) => statusTag(owner, status))
      : ['orders'];
    return changedTags(result, [orderTag(id), ...lists]);
  };

/** Creates the datasource of orders. */
export function createOrderSource(upstream: Upstream) {
  const byId = upstream.batch('ordersByIds', {
    target: (ids) => target(['orders'], { ids }),
    read: () => decodeBatch,
    missingKeyError: () => notFound('order'),
  });
  const firstPagesByUsers = upstream.batch('ordersByUsers', {
    target: (users, { first, status }) => target(['orders'], { users, limit: first, status }),
    read: decodeLists,
    missingKeyError: () => notFound('user'),
  });
  const page = upstream.read('ordersByUser', 'viewer');
  const recent = upstream.read('recentOrders', 'public');
  const place = upstream.write('placeOrder');
  const cancel = upstream.write('cancelOrder');

  return (call: CallContext) => {
    const orders = createLoader((ids) => byId(ids, call));
    const firstPages = createLaneLoaders((lane) => (users) => firstPagesByUsers(users, call, lane));

    async function loadPage(after: string, user: string, first: number, status?: string) {
      const cursor = fromCursor('orders', after);
      const path = target(['orders'], { user, limit: first, cursor, status });
      return page({ target: path, items: first }, call, decodePage(cursor, user, first));
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
        const user = checkUserId(userId);
        const wireStatus = status?.toLowerCase();
        call.recorder?.addTags?.(listTags(user, wireStatus));
        const found = await (after == null
          ? firstPages.load(user, { first, status: wireStatus })
          : loadPage(after, user, first, wireStatus));
        call.recorder?.addTags?.(found.edges.map(({ node }) => orderTag(node.id)));
        return found;
      },

      /** The newest orders of all users. */
      async recent(first: number): Promise<Order[]> {
        call.recorder?.addTags?.([RECENT_TAG]);
        const path = target(['orders'], { recent: first });
        const found = await recent({ target: path, items: first }, call, decodeRecent(first));
        call.recorder?.addTags?.(found.map(({ id }) => orderTag(id)));
        return found;
      },

      /**
       * Places an order: at most one for each user and idempotency key, even if it is sent again.
       */
      async place(userId: string, { idempotencyKey, currency, items }: NewOrder) {
        if (!IDEMPOTENCY_KEY.test(idempotencyKey)) {
          return rejected<Order>([{ code: 'INVALID', field: ['idempotencyKey'] }]);
        }
        firstPages.clearAll();
        const json = { userId: checkUserId(userId), currency, items };
        const headers = { 'idempotency-key': idempotencyKey };
        const tags = [RECENT_TAG, ...listTags(userId, 'placed')];
        const tagsOf = (result?: MutationResult<Order>) => changedTags(result, tags);
        const path = target(['orders']);
        const change = { method: 'POST', target: path, json, headers, tagsOf } as const;
        const result = await place(change, call, decodePlaced(userId));
        if (result.value) orders.clear(result.value.id).prime(result.value.id, result.value);
        return result;
      },

      /** @returns the cancelled order; or only the problem, if it is too late to cancel */
      async cancel(id: string): Promise<MutationResult<Order>> {
        const path = target(['orders', { id: checkId(id) }, 'cancel']);
        firstPages.clearAll();
        orders.clear(id);
        const change = { method: 'POST', target: path, tagsOf: cancelledTags(id, call) } as const;
        const result = await cancel(change, call, decodeCancelled(id));
        if (result.value) orders.prime(id, result.value);
        return result;
      },
    };
  };
}
