import { optional, type Reader, Wrong } from './read.ts';
import { count, text } from './readers.ts';

/** Where an item stands in a list: its sort key, then its row number. */
export type Position<K extends string | number = number> = [key: K, row: number];

export const pageLimit = optional(count(1, 100), 20);

/** Comes before every item of a list newest first. */
export const NEWEST: Position = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

export function toCursor(position: Position<string | number>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

export const timeCursor: Reader<Position> = (value) =>
  readCursor(value, (key): key is number => Number.isSafeInteger(key));

export const nameCursor: Reader<Position<string>> = (value) =>
  readCursor(value, (key): key is string => typeof key === 'string');

/** Takes one item more than the page holds, to know whether there is another page. */
export function toPage<T extends { cursor: string }>(items: T[], limit: number) {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: items.length > limit && last ? last.cursor : null };
}

function readCursor<K extends string | number>(
  value: unknown,
  isKey: (key: unknown) => key is K,
): Position<K> {
  const cursor = text(value);
  const [key, row, ...rest] = parse(Buffer.from(cursor, 'base64url').toString());
  if (!isKey(key) || typeof row !== 'number' || !Number.isSafeInteger(row) || rest.length > 0) {
    throw new Wrong('malformed');
  }
  // Base64 has many spellings of one text; only the one that was given out counts.
  if (toCursor([key, row]) !== cursor) throw new Wrong('malformed');
  return [key, row];
}

function parse(json: string): unknown[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
