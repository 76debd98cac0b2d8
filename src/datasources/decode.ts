/**
 * Readers that take one value out of an upstream's JSON, which is untrusted whatever its contract
 * says: each gives back a value of the type it names, or throws a ShapeError.
 */
export class DecodeError extends Error {
  override readonly name = 'ShapeError';

  constructor(expected: string, got: unknown) {
    super(`expected ${expected}, got ${got === null ? 'null' : typeof got}`);
  }
}

const HTTP_URL = /^https?:\/\//i;
/** UTC with milliseconds, on a day that there is (but for 29 February): nothing is left to reckon. */
const CANONICAL_DATE_TIME =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const DATED = /^\d{4}-\d{2}-\d{2}T/;
const MAX_INT = 2 ** 31 - 1;

/** A string of whole characters: half of a surrogate pair can't be encoded. */
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

/** A number of things, which GraphQL's Int can hold. */
export function count(value: unknown): number {
  const number = integer(value);
  if (number < 0 || number > MAX_INT) throw new DecodeError('a count', value);
  return number;
}

/** Where a list goes on; whether it does must be said. */
export const hasNextPage = (cursor: unknown): boolean => cursor !== null && string(cursor) !== '';

/** An http(s) address, which a page may show without running it; null if there is none. */
export function urlOrNull(value: unknown): string | null {
  const address = stringOrNull(value);
  if (address === null || HTTP_URL.test(address)) return address;
  throw new DecodeError('an http or https address', value);
}

/** The id that was asked for, as an object's own or as its owner's, and no other. */
export function expectId(asked: string, value: unknown): string {
  if (value !== asked) throw new DecodeError('the id asked for', value);
  return asked;
}

/** An ISO 8601 time of a year with four digits, as UTC with milliseconds. */
export function dateTime(value: unknown): string {
  if (typeof value === 'string' && CANONICAL_DATE_TIME.test(value)) return value;
  const time = typeof value === 'string' && DATED.test(value) ? new Date(value) : undefined;
  if (!time || Number.isNaN(time.getTime())) throw new DecodeError('an ISO 8601 time', value);
  return time.toISOString();
}

/** One of the table's keys, as the word it stands for. */
export function oneOf<T>(value: unknown, table: Readonly<Record<string, T>>): T {
  const word = typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined;
  if (word === undefined) throw new DecodeError(`one of ${Object.keys(table).join(', ')}`, value);
  return word;
}

/**
 * A list of objects, each read by `read`.
 * @param most - how many were asked for
 */
export function list<W, T>(
  value: readonly W[] | undefined,
  read: (item: W) => T,
  most = Number.POSITIVE_INFINITY,
): T[] {
  if (!Array.isArray(value)) throw new DecodeError('a list', value);
  if (value.length > most) throw new DecodeError(`at most ${most} items`, value);
  return value.map((item) => read(record(item)));
}

/** A list of strings. */
export function strings(value: readonly string[] | undefined): string[] {
  if (!Array.isArray(value)) throw new DecodeError('a list', value);
  return value.map(string);
}

/** An object, so that its properties may be read. */
export function record<W>(value: W): W {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DecodeError('an object', value);
  }
  return value;
}

/** Answers by key, of which none may be missing. */
export function requireAllKeys<V>(
  keys: readonly string[],
  answers: ReadonlyMap<string, V>,
): ReadonlyMap<string, V> {
  const absent = keys.find((key) => !answers.has(key));
  if (absent !== undefined) throw new DecodeError(`an entry for ${absent}`, undefined);
  return answers;
}
