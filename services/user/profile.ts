import { object, optional, Wrong } from '../support/read.ts';
import { httpUrl, text } from '../support/readers.ts';

const LONGEST_NAME = 200;

export type ProfileChange = ReturnType<typeof profileChange>;

export const profileChange = object({
  name: optional(name),
  avatarUrl: optional(avatarUrl),
  locale: optional(locale),
});

function name(value: unknown): string {
  const read = text(value);
  if (read.trim() === '') throw new Wrong('blank');
  if ([...read].length > LONGEST_NAME) throw new Wrong('too_long');
  return read;
}

function avatarUrl(value: unknown): string | null {
  return value === null ? null : httpUrl(value);
}

function locale(value: unknown): string {
  const read = text(value);
  try {
    const [known] = Intl.DateTimeFormat.supportedLocalesOf(read);
    if (known !== undefined) return known;
  } catch {
    // Not even the form of a BCP 47 tag.
  }
  throw new Wrong('unknown_locale');
}
