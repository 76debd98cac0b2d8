import type { Lane, UpstreamReply } from '../upstream/upstream.ts';
import {
  count,
  dateTime,
  expectId,
  hasNextPage,
  integer,
  list,
  oneOf,
  record,
  requireAllKeys,
  string,
} from './decode.ts';
import type { components } from './generated/order.ts';
import type {
  Money,
  MutationResult,
  Order,
  OrderItem,
  OrderStatus,
  Page,
  ProblemCode,
} from './models.ts';
import { applied, goneError, rejected, toProblems } from './mutation-result.ts';
import { bodyOf, pageBodyOf, unexpectedStatus } from './reply.ts';
import { toCursor } from './target.ts';

/* Decoders of the order service's responses. */

type Wire = components['schemas'];

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

export const decodeBatch = (reply: UpstreamReply<Wire['OrderBatch']>): Map<string, Order> =>
  new Map(list(bodyOf(reply).orders, toOrder).map((order) => [order.id, order]));

export const decodeRecent =
  (first: number) =>
  (reply: UpstreamReply<Wire['OrderBatch']>): Order[] =>
    list(bodyOf(reply).orders, toOrder, first);

export const decodeLists =
  (users: readonly string[], { first }: Lane) =>
  (reply: UpstreamReply<Wire['OrderLists']>): ReadonlyMap<string, Page<Order>> => {
    const lists = list(bodyOf(reply).lists, (wire) => {
      const user = string(wire.userId);
      return [user, toPage(wire, user, first)] as const;
    });
    return requireAllKeys(users, new Map(lists));
  };

export const decodePage =
  (cursor: string | null, user: string, first: number) =>
  (reply: UpstreamReply<Wire['OrderPage']>): Page<Order> =>
    toPage(pageBodyOf(reply, cursor), user, first);

export const decodePlaced =
  (user: string) =>
  ({
    status,
    body,
  }: UpstreamReply<Wire['Order'] & Wire['InvalidProblem']>): MutationResult<Order> => {
    if (status === 200 || status === 201) return applied(toOrder(body, user));
    if (status === 409) {
      return rejected([{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }]);
    }
    if (status === 422) return rejected(toProblems(body, PROBLEMS, INPUTS));
    throw unexpectedStatus(status);
  };

export const decodeCancelled =
  (id: string) =>
  ({ status, body }: UpstreamReply<Wire['Order']>): MutationResult<Order> => {
    if (status === 200) return applied({ ...toOrder(body), id: expectId(id, body.id) });
    if (status === 409) return rejected([{ code: 'NOT_CANCELLABLE', field: ['id'] }]);
    throw goneError(status, 'order');
  };

/** @param maxItems - the number of requested items */
function toPage(
  { orders, nextCursor }: Wire['OrderPage'],
  user: string,
  maxItems?: number,
): Page<Order> {
  const toEdge = (wire: Wire['OrderPage']['orders'][number]) => ({
    cursor: toCursor('orders', string(wire.cursor)),
    node: toOrder(wire, user),
  });
  return { edges: list(orders, toEdge, maxItems), hasNextPage: hasNextPage(nextCursor) };
}

/** @param user - the required owner; any owner if omitted */
const toOrder = (wire: Wire['Order'], user: string = wire.userId): Order => ({
  id: string(wire.id),
  customerId: string(expectId(user, wire.userId)),
  status: oneOf(wire.status, STATUS),
  total: toMoney(wire.total),
  items: list(wire.items, toOrderItem),
  placedAt: dateTime(wire.placedAt),
});

const toOrderItem = (wire: Wire['OrderItem']): OrderItem => ({
  sku: string(wire.sku),
  name: string(wire.name),
  quantity: count(wire.quantity),
  unitPrice: toMoney(wire.unitPrice),
});

const toMoney = (wire: Wire['Money']): Money => ({
  amount: integer(record(wire).amount),
  currency: string(wire.currency),
});
