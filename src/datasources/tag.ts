const UNRESERVED = /^[\w-]+$/;

/**
 * Builds a cache tag, which names data that a response depends on: a type and an id. Ids are opaque and
 * tags appear in headers, so other characters of an id are percent-encoded.
 */
export const tagOf = (kind: string, id: string): string =>
  `${kind}:${UNRESERVED.test(id) ? id : encodeURIComponent(id)}`;

/**
 * Builds the tag of a list of one user's objects: `orders:user=42`, or with a filter
 * `orders:user=42&status=placed`.
 * @param user - a valid id
 */
export const userListTag = (list: string, user: string, filter?: string): string =>
  `${list}:user=${user}${filter ? `&${filter}` : ''}`;
