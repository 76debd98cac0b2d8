import { type Reader, Wrong } from './read.ts';

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const MOST_IDS = 100;
const LONGEST_URL = 2048;

export function text(value: unknown): string {
  if (value === undefined) throw new Wrong('missing');
  if (typeof value !== 'string') throw new Wrong('wrong_type');
  return value;
}

export function id(value: unknown): string {
  const read = text(value);
  if (!ID.test(read)) throw new Wrong('malformed');
  return read;
}

/** `ids=1,2,2` → ['1', '2']: 1 to 100 ids, of which duplicates are dropped. */
export function ids(value: unknown): string[] {
  const parts = text(value).split(',');
  if (parts.length > MOST_IDS) throw new Wrong('too_many');
  return [...new Set(parts.map(id))];
}

export function httpUrl(value: unknown): string {
  const read = text(value);
  if (read.length > LONGEST_URL) throw new Wrong('too_long');
  const protocol = URL.parse(read)?.protocol;
  if (protocol !== 'http:' && protocol !== 'https:') throw new Wrong('not_a_url');
  return read;
}

export function choice<const T extends string>(from: readonly T[], code = 'unknown'): Reader<T> {
  return (value) => {
    const read = text(value);
    const found = from.find((each) => each === read);
    if (found === undefined) throw new Wrong(code);
    return found;
  };
}

export function integer(min: number, max: number): Reader<number> {
  return (value) => {
    if (value === undefined) throw new Wrong('missing');
    if (!Number.isInteger(value)) throw new Wrong('wrong_type');
    if ((value as number) < min || (value as number) > max) throw new Wrong('out_of_range');
    return value as number;
  };
}

/** An integer of a query string. */
export function count(min: number, max: number): Reader<number> {
  const inRange = integer(min, max);
  return (value) => {
    const read = text(value);
    if (!/^\d{1,9}$/.test(read)) throw new Wrong('malformed');
    return inRange(Number(read));
  };
}

/** A boolean of a query string. */
export function flag(value: unknown): boolean {
  return choice(['true', 'false'], 'malformed')(value) === 'true';
}

/** Row number of a seeded or later object; undefined for ids that this service never gave. */
export function toRowId(given: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(given) ? Number(given) : undefined;
}
