import { notFound } from '../errors.ts';
import type { Call } from './call.ts';
import type { components } from './generated/order.ts';
import { createMemo, type Newest, nameNewest } from './memo.ts';
import type {
  Money,
  NewOrder,
  Order,
  OrderItem,
  OrderStatus,
  Outcome,
  Page,
  PageRequest,
  ProblemCode,
} from './models.ts';
import { done, gone, refused, toProblems, unexpected } from './outcome.ts';
import {
  complete,
  count,
  goesOn,
  instant,
  integer,
  list,
  oneOf,
  ownedBy,
  record,
  text,
} from './shape.ts';

import { badCursor, checkId, fromCursor, target, toCursor } from './target.ts';
import type { Reply, Upstream } from './upstream.ts';

type Wire = components['schemas'];

interface OrderPageRequest extends PageRequest {
  readonly status?: OrderStatus | null | undefined;
}

const STATUS: Readonly<Record<Wire['OrderStatus'], OrderStatus>> = {
  placed: 'PLACED',
  shipped: 'SHIPPED',
  delivered: 'DELIVERED',
  cancelled: 'CANCELLED',
};
const PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  unknown: 'UNKNOWN_SKU',
  out_of_range: 'OUT_OF_RANGE',
  empty: 'EMPTY',
  too_many: 'TOO_MANY',
  unknown_currency: 'UNKNOWN_CURRENCY',
};
const INPUTS = ['currency', 'items'];
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
        return page(target(['orders'], parameters), call, readPage(cursor));
      },

      /** The newest orders of everyone. */
      recent: (first: number): Promise<Order[]> =>
        recent(target(['orders'], { recent: first }), call, readRecent),

      /** Places an order, once for each user and key, however often it is sent. */
      async place(userId: string, { idempotencyKey, currency, items }: NewOrder) {
        if (!IDEMPOTENCY_KEY.test(idempotencyKey)) {
          return refused<Order>([{ code: 'INVALID', field: ['idempotencyKey'] }]);
        }
        newest.clearAll();
        const json = { userId: checkId(userId), currency, items };
        const headers = { 'idempotency-key': idempotencyKey };
        const sending = { method: 'POST', target: target(['orders']), json, headers } as const;
        const outcome = await place(sending, call, readPlaced);
        if (outcome.value) orders.clear(outcome.value.id).prime(outcome.value.id, outcome.value);
        return outcome;
      },

      /** @returns the order if it was cancelled; if it has left, only the problem */
      async cancel(id: string): Promise<Outcome<Order>> {
        const path = target(['orders', checkId(id), 'cancel']);
        newest.clearAll();
        orders.clear(id);
        const outcome = await cancel({ method: 'POST', target: path }, call, readCancelled);
        if (outcome.value) orders.prime(id, outcome.value);
        return outcome;
      },
    };
  };
}

function readBatch({ status, body }: Reply<Wire['OrderBatch']>): Map<string, Order> {
  if (status !== 200) throw unexpected(status);
  return new Map(list(body.orders, toOrder).map((order) => [order.id, order]));
}

const readRecent = (reply: Reply<Wire['OrderBatch']>): Order[] => [...readBatch(reply).values()];

const readLists =
  (users: readonly string[]) =>
  ({ status, body }: Reply<Wire['OrderLists']>): ReadonlyMap<string, Page<Order>> => {
    if (status !== 200) throw unexpected(status);
    return complete(users, new Map(list(body.lists, toOwnedPage)));
  };

const readPage =
  (cursor: string | null) =>
  ({ status, body }: Reply<Wire['OrderPage']>): Page<Order> => {
    if (status === 400 && cursor !== null) throw badCursor();
    if (status !== 200) throw unexpected(status);
    return toPage(body);
  };

function readPlaced({
  status,
  body,
}: Reply<Wire['Order'] & Wire['InvalidProblem']>): Outcome<Order> {
  if (status === 200 || status === 201) return done(toOrder(body));
  if (status === 409) {
    return refused([{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }]);
  }
  if (status === 422) return refused(toProblems(body, PROBLEMS, INPUTS));
  throw unexpected(status);
}

function readCancelled({ status, body }: Reply<Wire['Order']>): Outcome<Order> {
  if (status === 200) return done(toOrder(body));
  if (status === 409) return refused([{ code: 'NOT_CANCELLABLE', field: ['id'] }]);
  throw gone(status, 'order');
}

function toOwnedPage(wire: Wire['OrderList']): readonly [string, Page<Order>] {
  const page = toPage(wire);
  for (const { node } of page.edges) ownedBy(text(wire.userId), node.customerId);
  return [wire.userId, page];
}

const toPage = ({ orders, nextCursor }: Wire['OrderPage']): Page<Order> => ({
  edges: list(orders, (wire) => ({
    cursor: toCursor('orders', text(wire.cursor)),
    node: toOrder(wire),
  })),
  hasMore: goesOn(nextCursor),
});

const toOrder = (wire: Wire['Order']): Order => ({
  id: text(wire.id),
  customerId: text(wire.userId),
  status: oneOf(wire.status, STATUS),
  total: toMoney(wire.total),
  items: list(wire.items, toOrderItem),
  placedAt: instant(wire.placedAt),
});

const toOrderItem = (wire: Wire['OrderItem']): OrderItem => ({
  sku: text(wire.sku),
  name: text(wire.name),
  quantity: count(wire.quantity),
  unitPrice: toMoney(wire.unitPrice),
});

const toMoney = (wire: Wire['Money']): Money => ({
  amount: integer(record(wire).amount),
  currency: text(wire.currency),
});
