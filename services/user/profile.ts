import { z } from 'zod';
import { httpUrl, parsedText } from '../support/input.ts';

const MAX_NAME_CODE_POINTS = 200;

export type ProfileChange = z.output<typeof profileChange>;

export const profileChange = z.strictObject({
  name: z
    .string()
    .refine((text) => text.trim() !== '', 'blank')
    .refine((text) => [...text].length <= MAX_NAME_CODE_POINTS, 'too_long')
    .optional(),
  avatarUrl: httpUrl.nullish(),
  locale: parsedText(toLocale, 'unknown_locale').optional(),
});

function toLocale(tag: string): string | undefined {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag)[0];
  } catch {
    // Not a well-formed BCP 47 tag.
    return undefined;
  }
}
