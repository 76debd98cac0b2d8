import { badInput } from '../errors.ts';
import type { Parameter, Target } from '../upstream/client.ts';
import { isUserId } from '../user-id.ts';

const ID = /^[\w-]{1,64}$/;
const CURSOR = /^[\w.~=-]{1,256}$/;

/**
 * Validates an id before it is queued or sent: one bad id must not fail a batch, and must not escape from
 * its segment of the URL (path traversal).
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

/**
 * Validates the id of a user, which the identity provider has chosen: any printable text.
 * @throws BffError BAD_USER_INPUT
 */
export function checkUserId(id: string): string {
  if (!isUserId(id)) {
    throw badInput(
      'The id of a user has 1 to 255 printable characters, without space at the ends. Use an id that the API returned.',
    );
  }
  return id;
}

/**
 * Converts an upstream's cursor to a client's, which names its list, such as `orders`: a cursor of one
 * list is not valid for another.
 */
export const toCursor = (list: string, cursor: string): string => `${list}.${cursor}`;

/**
 * Converts a client's cursor back to the upstream's; null if there is none.
 * @throws BffError BAD_USER_INPUT
 */
export function fromCursor(list: string, cursor: string | null | undefined): string | null {
  if (cursor == null) return null;
  if (!CURSOR.test(cursor) || !cursor.startsWith(`${list}.`)) throw badCursor();
  return cursor.slice(list.length + 1);
}

export const badCursor = () =>
  badInput('The cursor is not one of this list. Use an endCursor that the API returned.');

/**
 * Builds the target of a call: a path with a query, and the parameters in both by their names. Each
 * segment and value of the path is percent-encoded (RFC 3986 §2.1). Lists are joined with commas, and
 * the commas and percent signs of an item are encoded once more: a service that decodes the query before
 * it splits the list never takes one item for two. Null and undefined are omitted.
 * @param path - its segments; one with a parameter is an object: `['orders', { id }, 'cancel']`
 * @throws Error for a segment that URL resolution removes ("", ".", ".."); BffError BAD_USER_INPUT for
 *   half of a surrogate pair
 */
export function target(
  path: readonly (string | Readonly<Record<string, string>>)[],
  parameters: Readonly<Record<string, Parameter>> = {},
): Target {
  const inPath: Record<string, string> = {};
  let url = '';
  for (const part of path) {
    if (typeof part === 'string') url += `/${encodeSegment(part)}`;
    else {
      Object.assign(inPath, part);
      for (const value of Object.values(part)) url += `/${encodeSegment(value)}`;
    }
  }
  let separator = '?';
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined) continue;
    url += `${separator}${name}=${encodeParameter(value)}`;
    separator = '&';
  }
  return { path: url, parameters: { ...inPath, ...parameters } };
}

function encodeSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..')
    throw new Error('A path segment must not be empty, "." or ".."');
  return encode(segment);
}

const encodeParameter = (value: Parameter): string =>
  Array.isArray(value) ? value.map(encodeItem).join(',') : encode(String(value));

const encodeItem = (item: string): string => encode(item.replace(/[%,]/g, encodeURIComponent));

function encode(text: string): string {
  if (!text.isWellFormed()) throw badInput('Text must be well-formed Unicode.');
  return encodeURIComponent(text);
}
