const UNRESERVED = /^[\w-]+$/;
/** What encodeURIComponent leaves as it is, besides the characters above. */
const LEFT_PUNCTUATION = /[.!~*'()]/g;

/**
 * Builds a cache tag, which names data that a response depends on: a type and an id. Ids are opaque and
 * tags appear in headers, so other characters of an id are percent-encoded.
 */
export const tagOf = (kind: string, id: string): string => `${kind}:${encodeId(id)}`;

/**
 * Builds the tag of a list of one user's objects: `orders:user=42`, or with a filter
 * `orders:user=42&status=placed`.
 */
export const userListTag = (list: string, user: string, filter?: string): string =>
  `${list}:user=${encodeId(user)}${filter ? `&${filter}` : ''}`;

/** Fills the ids into the template of a tag: `User:{id}`. */
export const fillTag = (template: string, ids: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (_all, name: string) => encodeId(ids[name] ?? ''));

const encodeId = (id: string): string =>
  UNRESERVED.test(id) ? id : encodeURIComponent(id).replace(LEFT_PUNCTUATION, encodeCharacter);

const encodeCharacter = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
