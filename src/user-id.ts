// Control and format characters, lone surrogates, private and unassigned code points, and separators of
// lines and paragraphs are not printable.
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u;

/**
 * True for a user's id: up to 255 printable characters of any script, such as `auth0|42`, an e-mail
 * address or a URI. "." and ".." are not ids, because URLs lose them even if they are encoded.
 */
export const isUserId = (text: string): boolean =>
  PRINTABLE.test(text) && text !== '.' && text !== '..';
