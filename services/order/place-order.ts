import type { IncomingHttpHeaders } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { parsedText, read, userId } from '../support/input.ts';
import { Problem } from '../support/problem.ts';
import { query, transact } from '../support/store.ts';
import { findCurrency, findProduct, toItem } from './catalogue.ts';
import { INSERT, type Order, type OrderRow, sum, toOrder } from './model.ts';

const MAX_ITEMS = 20;

export type PlaceOrder = z.output<typeof placeOrderSchema>;

export const placeOrderSchema = z.strictObject({
  userId,
  currency: parsedText(findCurrency, 'unknown_currency'),
  items: z
    .array(
      z.strictObject({
        sku: parsedText(findProduct, 'unknown'),
        quantity: z.int().min(1).max(99),
      }),
    )
    .min(1)
    .max(MAX_ITEMS),
});

const idempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/);

export function createPlaceOrder(db: DatabaseSync, now: () => number) {
  const used = query<{ body: string; order_id: number }>(
    db,
    'SELECT body, order_id FROM idempotency_keys WHERE user_id = ? AND key = ?',
  );
  const remember = db.prepare('INSERT INTO idempotency_keys VALUES (?, ?, ?, ?)');
  const select = query<OrderRow>(db, 'SELECT * FROM orders WHERE id = ?');
  const last = query<{ id: number | null; time: number | null }>(
    db,
    'SELECT max(id) AS id, max(placed_at) AS time FROM orders',
  );
  const insert = db.prepare(INSERT);

  function place({ userId, currency, items }: PlaceOrder): number {
    const lines = items.map(({ sku, quantity }) => toItem(sku, quantity, currency));
    const { id, time } = last.get() ?? { id: 0, time: 0 };
    const newId = (id ?? 0) + 1;
    // A new order stays the newest even if the clock is behind the seed.
    const placedAt = Math.max(now(), time ?? 0);
    const values = [sum(lines), currency, JSON.stringify(lines), placedAt, null] as const;
    insert.run(newId, userId, 'placed', ...values);
    return newId;
  }

  function get(id: number): Order {
    const row = select.get(id);
    if (!row) throw new Error(`order ${id} is missing`);
    return toOrder(row);
  }

  /** Places the order, or returns the one that was placed with this key. */
  return (key: string, body: PlaceOrder): { order: Order; isNew: boolean } =>
    transact(db, () => {
      const canonical = canonicalBody(body);
      const first = used.get(body.userId, key);
      if (!first) {
        const id = place(body);
        remember.run(body.userId, key, canonical, id);
        return { order: get(id), isNew: true };
      }
      if (first.body !== canonical) throw new Problem(409, 'idempotency_key_reused');
      return { order: get(first.order_id), isNew: false };
    });
}

export const readIdempotencyKey = (headers: IncomingHttpHeaders): string =>
  read(idempotencyKey, headers['idempotency-key'] || undefined, 400, 'Idempotency-Key');

export function canonicalBody({ currency, items }: PlaceOrder): string {
  return JSON.stringify([currency, items.map(({ sku, quantity }) => [sku.sku, quantity])]);
}
