import { isCanonicalDateTime } from '../date-time.ts';

/*
 * Decoders of single values of an upstream's JSON, which is untrusted regardless of its contract. Each
 * returns a value of the type that it is named after, or throws a DecodeError.
 */

/** A value that does not have the expected type or form. Never quotes the value. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';

  constructor(expected: string, actual: unknown) {
    super(`expected ${expected}, got ${actual === null ? 'null' : typeof actual}`);
  }
}

const HTTP_URL = /^https?:\/\//i;
const DATE_TIME_PREFIX = /^\d{4}-\d{2}-\d{2}T/;
const MAX_INT = 2 ** 31 - 1;

/** A well-formed string: half of a surrogate pair cannot be encoded. */
export function string(value: unknown): string {
  if (typeof value !== 'string') throw new DecodeError('a string', value);
  if (!value.isWellFormed()) throw new DecodeError('well-formed Unicode', value);
  return value;
}

export function stringOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : string(value);
}

export function integer(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new DecodeError('a whole number', value);
  return value as number;
}

/** A non-negative integer that fits GraphQL's Int. */
export function count(value: unknown): number {
  const number = integer(value);
  if (number < 0 || number > MAX_INT) throw new DecodeError('a count', value);
  return number;
}

/**
 * True if the cursor of the next page is not empty. The cursor is required: null ends a list,
 * undefined is an error.
 */
export const hasNextPage = (cursor: unknown): boolean => cursor !== null && string(cursor) !== '';

/** An http(s) URL, which a page can link without executing it (unlike `javascript:`); or null. */
export function urlOrNull(value: unknown): string | null {
  const url = stringOrNull(value);
  if (url === null || HTTP_URL.test(url)) return url;
  throw new DecodeError('an http or https URL', value);
}

/** The requested id, as an object's own id or its owner's; any other id is an error. */
export function expectId(requested: string, value: unknown): string {
  if (value !== requested) throw new DecodeError('the requested id', value);
  return requested;
}

/** Converts an ISO 8601 time with a four-digit year to UTC with milliseconds. */
export function dateTime(value: unknown): string {
  if (isCanonicalDateTime(value)) return value;
  const time =
    typeof value === 'string' && DATE_TIME_PREFIX.test(value) ? new Date(value) : undefined;
  if (!time || Number.isNaN(time.getTime())) throw new DecodeError('an ISO 8601 time', value);
  return time.toISOString();
}

export function dateTimeOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : dateTime(value);
}

/** Maps one of the table's keys to its value. */
export function oneOf<T>(value: unknown, table: Readonly<Record<string, T>>): T {
  const mapped =
    typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined;
  if (mapped === undefined) throw new DecodeError(`one of ${Object.keys(table).join(', ')}`, value);
  return mapped;
}

/**
 * A list of objects.
 * @param decode - converts one item
 * @param maxItems - the number of requested items
 */
export function list<W, T>(
  value: readonly W[] | undefined,
  decode: (item: W) => T,
  maxItems = Number.POSITIVE_INFINITY,
): T[] {
  if (!Array.isArray(value)) throw new DecodeError('a list', value);
  if (value.length > maxItems) throw new DecodeError(`at maxItems ${maxItems} items`, value);
  return value.map((item) => decode(record(item)));
}

/** A list of strings. */
export function strings(value: readonly string[] | undefined): string[] {
  if (!Array.isArray(value)) throw new DecodeError('a list', value);
  return value.map(string);
}

/** An object, whose properties are not validated. */
export function record<W>(value: W): W {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DecodeError('an object', value);
  }
  return value;
}

/** Values by key, with an entry for each key. */
export function requireAllKeys<V>(
  keys: readonly string[],
  values: ReadonlyMap<string, V>,
): ReadonlyMap<string, V> {
  if (!keys.every((key) => values.has(key)))
    throw new DecodeError('an entry for each key', undefined);
  return values;
}
