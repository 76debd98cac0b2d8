/** The tag of an object, by which callers purge what they have cached of it. */
export const tagOf = (type: string, id: string): string => `${type}:${tagPart(id)}`;

/** An id as a part of a tag: percent-encoded except for letters, digits, `-` and `_`. */
export const tagPart = (id: string): string =>
  encodeURIComponent(id).replace(
    /[.!~*'()]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
