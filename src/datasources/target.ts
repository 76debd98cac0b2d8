import { badInput } from '../errors.ts';

const ID = /^[\w-]{1,64}$/;
const CURSOR = /^[\w.~=-]{1,256}$/;

/**
 * Checks an id before it may queue or travel: one bad id must not spoil a batch, and must not climb
 * out of its place in an address.
 * @throws BffError BAD_USER_INPUT
 */
export function checkId(id: string): string {
  if (!ID.test(id)) {
    throw badInput(
      'An id has 1 to 64 letters, digits, "-" or "_". Use an id that the API returned.',
    );
  }
  return id;
}

/** The lists that have cursors; a cursor of one is none of another. */
export type CursorList = 'orders' | 'notifications' | 'users';

/** An upstream's cursor, as clients get it. */
export const toCursor = (list: CursorList, cursor: string): string => `${list[0]}.${cursor}`;

/**
 * A client's cursor, as the upstream gave it; null if there is none.
 * @throws BffError BAD_USER_INPUT
 */
export function fromCursor(list: CursorList, cursor: string | null | undefined): string | null {
  if (cursor == null) return null;
  if (!CURSOR.test(cursor) || !cursor.startsWith(`${list[0]}.`)) throw badCursor();
  return cursor.slice(2);
}

export const badCursor = () =>
  badInput('The cursor is not one of this list. Use an endCursor that the API returned.');

type Parameter = string | number | readonly string[] | null | undefined;

/**
 * A path with a query, each part of both percent-encoded (RFC 3986 §2.1). Lists are joined with
 * commas; what is null or undefined is left out.
 * @throws Error for a path part that an address would resolve away ("", ".", ".."); BffError
 *   BAD_USER_INPUT for half of a surrogate pair
 */
export function target(
  path: readonly string[],
  parameters: Readonly<Record<string, Parameter>> = {},
): string {
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${encodeParameter(value)}`)
    .join('&');
  return `/${path.map(encodePart).join('/')}${query && `?${query}`}`;
}

function encodePart(part: string): string {
  if (part === '' || part === '.' || part === '..') throw new Error('A path part can not be empty');
  return encode(part);
}

const encodeParameter = (value: Parameter): string =>
  Array.isArray(value) ? value.map(encode).join(',') : encode(String(value));

function encode(text: string): string {
  if (!text.isWellFormed()) throw badInput('Text must be well-formed Unicode.');
  return encodeURIComponent(text);
}
