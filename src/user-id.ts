// Control and format characters, lone surrogates, private and unassigned code points, separators of lines
// and paragraphs, and characters that are shown as nothing (variation selectors, fillers, the empty
// Braille pattern) are not printable: two ids must not look alike because of them.
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]{1,255}$/u;
const SPACE_AT_AN_END = /^\s|\s$/;

/**
 * True for a user's id: up to 255 printable characters of any script without white space at the ends, such
 * as `auth0|42`, an e-mail address or a URI. "." and ".." are not ids, because URLs lose them even if they
 * are encoded.
 */
export const isUserId = (text: string): boolean =>
  PRINTABLE.test(text) && !SPACE_AT_AN_END.test(text) && text !== '.' && text !== '..';
