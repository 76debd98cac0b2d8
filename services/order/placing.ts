import type { IncomingHttpHeaders } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { list, object, Wrong } from '../support/read.ts';
import { choice, id, integer, text } from '../support/readers.ts';
import { invalid, Refusal } from '../support/refusal.ts';
import { query, transact } from '../support/store.ts';
import { CURRENCIES, findProduct, type Product, toItem } from './catalogue.ts';
import { INSERT, type Order, type OrderRow, sum, toOrder } from './model.ts';

const MOST_ITEMS = 20;

export type PlaceOrder = ReturnType<typeof placeOrder>;

export const placeOrder = object({
  userId: id,
  currency: choice(CURRENCIES, 'unknown_currency'),
  items: list(object({ sku: product, quantity: integer(1, 99) }), MOST_ITEMS),
});

export function createPlacing(db: DatabaseSync, now: () => number) {
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
    // A clock behind the seed's must not bury a new order below old ones.
    const placedAt = Math.max(now(), time ?? 0);
    const values = [sum(lines), currency, JSON.stringify(lines), placedAt, null] as const;
    insert.run(newId, userId, 'placed', ...values);
    return newId;
  }

  function get(id: number): Order {
    const row = select.get(id);
    if (!row) throw new Error(`order ${id} has gone`);
    return toOrder(row);
  }

  /** Places the order, or finds the one that this key has placed. */
  return (key: string, body: PlaceOrder): { order: Order; isNew: boolean } =>
    transact(db, () => {
      const canonical = toCanonical(body);
      const first = used.get(body.userId, key);
      if (!first) {
        const id = place(body);
        remember.run(body.userId, key, canonical, id);
        return { order: get(id), isNew: true };
      }
      if (first.body !== canonical) throw new Refusal(409, 'idempotency_key_reused');
      return { order: get(first.order_id), isNew: false };
    });
}

export function readKey(headers: IncomingHttpHeaders): string {
  const key = headers['idempotency-key'];
  const field = 'Idempotency-Key';
  if (key === undefined || key === '') throw invalid(400, { field, code: 'missing' });
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw invalid(400, { field, code: 'malformed' });
  }
  return key;
}

function product(value: unknown): Product {
  const found = findProduct(text(value));
  if (!found) throw new Wrong('unknown');
  return found;
}

function toCanonical({ currency, items }: PlaceOrder): string {
  return JSON.stringify([currency, items.map(({ sku, quantity }) => [sku.sku, quantity])]);
}
