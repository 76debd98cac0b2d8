const PLAIN = /^[\w-]+$/;

/**
 * What an answer depends on, as caches know it: a type or a list, and which one of it. Ids are
 * opaque, and tags go into headers, so whatever else is in an id is percent-encoded.
 */
export const tagOf = (kind: string, id: string): string =>
  `${kind}:${PLAIN.test(id) ? id : encodeURIComponent(id)}`;
