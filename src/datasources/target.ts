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
    throw badInput('An id has 1 to 64 letters, digits, "-" or "_": use one that the API gave out.');
  }
  return id;
}

/** @throws BffError BAD_USER_INPUT */
export function checkCursor(cursor: string): string {
  if (!CURSOR.test(cursor)) throw badCursor();
  return cursor;
}

export const badCursor = () =>
  badInput('The cursor is not one of this list: use an endCursor that the API gave out.');

type Parameter = string | number | readonly string[] | null | undefined;

/**
 * A path with a query, each part of both percent-encoded (RFC 3986 §2.1). Lists are joined with
 * commas; what is null or undefined is left out.
 * @throws Error for a path part that an address would resolve away ("", ".", "..")
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
  return encodeURIComponent(part);
}

const encodeParameter = (value: Parameter): string =>
  Array.isArray(value)
    ? value.map(encodeURIComponent).join(',')
    : encodeURIComponent(value as string | number);
