import { toCursor } from '../support/page.ts';
import { toTime } from '../support/store.ts';
import { tagPart } from '../support/tag.ts';
import type { Currency, toItem } from './catalogue.ts';

export const STATUSES = ['placed', 'shipped', 'delivered', 'cancelled'] as const;
export type OrderStatus = (typeof STATUSES)[number];
type Item = ReturnType<typeof toItem>;

export type OrderRow = {
  id: number;
  user_id: string;
  status: OrderStatus;
  amount: number;
  currency: Currency;
  items: string;
  placed_at: number;
  carrier: string | null;
};

export const TABLES = `
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL,
  status TEXT NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  items TEXT NOT NULL,
  placed_at INTEGER NOT NULL,
  carrier TEXT
);
CREATE TABLE idempotency_keys (
  user_id TEXT NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  order_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, key)
) WITHOUT ROWID`;

export const INDEXES = `
CREATE INDEX orders_by_user ON orders (user_id, placed_at DESC, id DESC);
CREATE INDEX orders_by_time ON orders (placed_at DESC, id DESC)`;

export const INSERT = 'INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

export type Order = ReturnType<typeof toOrder>;

export function toOrder(row: OrderRow) {
  return {
    id: String(row.id),
    userId: row.user_id,
    status: row.status,
    total: { amount: row.amount, currency: row.currency },
    items: JSON.parse(row.items) as Item[],
    placedAt: toTime(row.placed_at),
    carrier: row.carrier,
    cursor: toCursor([row.placed_at, row.id]),
  };
}

/** The tag of cached lists of a user's orders: of all, or of those with one status. */
export function listTag(userId: string, status?: OrderStatus): string {
  return `orders:user=${tagPart(userId)}${status ? `&status=${status}` : ''}`;
}

/** The total, in minor units of the currency that all items share. */
export function sum(items: readonly Item[]): number {
  return items.reduce((total, { quantity, unitPrice }) => total + quantity * unitPrice.amount, 0);
}

/** The event of a new or changed order. */
export const toChange = ({ id, userId }: Order) => ({
  type: 'order.changed',
  data: { user: userId, id },
});
