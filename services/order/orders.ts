import type { DatabaseSync } from 'node:sqlite';
import { type Position, START, toPage } from '../support/page.ts';
import { notFound, Problem } from '../support/problem.ts';
import { findEach, query, toRowId } from '../support/store.ts';
import { type Order, type OrderRow, type OrderStatus, toOrder } from './model.ts';

export type PageRequest = {
  limit: number;
  cursor?: Position | undefined;
  status?: OrderStatus | undefined;
};

export function createOrders(db: DatabaseSync) {
  const select = query<OrderRow>(db, 'SELECT * FROM orders WHERE id = ?');
  const ofUser = query<OrderRow>(
    db,
    `SELECT * FROM orders WHERE user_id = ? AND (placed_at, id) < (?, ?)
     AND (? IS NULL OR status = ?) ORDER BY placed_at DESC, id DESC LIMIT ?`,
  );
  const newest = query<OrderRow>(
    db,
    'SELECT * FROM orders ORDER BY placed_at DESC, id DESC LIMIT ?',
  );
  const cancel = db.prepare("UPDATE orders SET status = 'cancelled' WHERE id = ?");

  function find(id: string): Order | undefined {
    const row = toRowId(id);
    const found = row === undefined ? undefined : select.get(row);
    return found && toOrder(found);
  }

  function get(id: string): Order {
    const order = find(id);
    if (!order) throw notFound();
    return order;
  }

  function byUser(userId: string, { limit, cursor = START, status }: PageRequest) {
    const [time, row] = cursor;
    const filter = status ?? null;
    const rows = ofUser.all(userId, time, row, filter, filter, limit + 1);
    const { page, nextCursor } = toPage(rows.map(toOrder), limit);
    return { orders: page, nextCursor };
  }

  return {
    get,
    byUser,
    byIds: (ids: readonly string[]) => ({ orders: findEach(ids, find) }),
    byUsers: (userIds: readonly string[], page: PageRequest) => ({
      lists: findEach(userIds, (userId) => ({ userId, ...byUser(userId, page) })),
    }),
    recent: (count: number) => ({ orders: newest.all(count).map(toOrder) }),
    cancel(id: string): Order {
      const order = get(id);
      if (order.status === 'cancelled') return order;
      if (order.status !== 'placed') throw new Problem(409, 'not_cancellable');
      cancel.run(Number(id));
      return get(id);
    },
  };
}
