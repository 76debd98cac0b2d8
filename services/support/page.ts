import { z } from 'zod';
import { integerText, parsedText } from './input.ts';

/** The position of an item in a list: its sort key, then its row number. */
export type Position<K extends string | number = number> = [key: K, row: number];

export const pageLimit = integerText(1, 100).default(20);

/** The position before the first item of a list that is sorted newest first. */
export const START: Position = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

export function toCursor(position: Position<string | number>): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

export const timeCursor = cursor(z.int());

export const nameCursor = cursor(z.string());

/** @param items - one more than `limit`, if there is another page */
export function toPage<T extends { cursor: string }>(items: T[], limit: number) {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: items.length > limit && last ? last.cursor : null };
}

/** Accepts only the encoding that `toCursor` returns: base64 has several for one text. */
function cursor<K extends string | number>(key: z.ZodType<K>) {
  const position = z.tuple([key, z.int()]);
  return parsedText((text): Position<K> | undefined => {
    const { data } = position.safeParse(parseJson(Buffer.from(text, 'base64url').toString()));
    return data && toCursor(data) === text ? data : undefined;
  }, 'malformed');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
