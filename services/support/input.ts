import { z } from 'zod';
import { invalid } from './problem.ts';

// Schemas for requests. The messages of their issues are the error codes of the contracts: `codeOf`
// maps the standard issues, and a schema passes a code only where that is not enough.

const ID = '[A-Za-z0-9_-]{1,64}';
const MAX_IDS = 100;
const MAX_URL_CHARACTERS = 2048;

export const id = z.string().regex(new RegExp(`^${ID}$`));

/** `ids=1,2,2` → ['1', '2']: 1 to 100 ids, without duplicates. */
export const ids = z
  .string()
  .regex(new RegExp(`^${ID}(,${ID})*$`))
  .transform((text) => text.split(','))
  .pipe(z.array(z.string()).max(MAX_IDS))
  .transform((parts) => [...new Set(parts)]);

// Printable: no control or format characters, lone surrogates, or separators of lines and paragraphs.
const USER_ID = /^[^\p{C}\p{Zl}\p{Zp}]{1,255}$/u;

/** The id of a user, which the identity provider has chosen, such as `auth0|42` or `mia@example.com`. */
export const userId = z.string().regex(USER_ID);

export const httpUrl = z
  .string()
  .max(MAX_URL_CHARACTERS)
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'not_a_url');

/** An integer of a query string. */
export const integerText = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

/** A boolean of a query string. */
export const booleanText = z
  .string()
  .regex(/^(true|false)$/)
  .transform((text) => text === 'true');

/** A string converted by `parse`; undefined means invalid, with this code. */
export const parsedText = <T>(parse: (text: string) => T | undefined, code: string) =>
  z.string().transform((text, { issues }): T => {
    const value = parse(text);
    if (value === undefined) issues.push({ code: 'custom', message: code, input: text });
    return value as T;
  });

/** `users=1,2,2` → ['1', '2']. In a list, a comma or percent sign of an id is percent-encoded. */
export const userIds = parsedText((text) => {
  const parts = text.split(',').map(decode);
  return parts.every((part) => part !== undefined && USER_ID.test(part)) ? parts : undefined;
}, 'malformed')
  .pipe(z.array(z.string()).max(MAX_IDS))
  .transform((parts) => [...new Set(parts)]);

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Validates a query (400) or a body (422).
 * @param name - the field of an error that concerns the value as a whole
 * @throws Problem with the first error of each field
 */
export function read<T>(schema: z.ZodType<T>, value: unknown, status: 400 | 422, name = 'body'): T {
  const { data, error } = schema.safeParse(value, { error: codeOf });
  if (!error) return data as T;
  const codes = new Map<string, string>();
  for (const issue of error.issues) {
    const isUnknown = issue.code === 'unrecognized_keys';
    const paths = isUnknown ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) {
      const field = path.join('.') || name;
      if (!codes.has(field)) codes.set(field, issue.message);
    }
  }
  throw invalid(status, ...[...codes].map(([field, code]) => ({ field, code })));
}

const TOO_BIG: Record<string, string> = { array: 'too_many', string: 'too_long' };

function codeOf({ code, input, origin }: z.core.$ZodRawIssue): string {
  if (code === 'unrecognized_keys') return 'unknown_field';
  if (code === 'too_small') return origin === 'array' ? 'empty' : 'out_of_range';
  if (code === 'too_big') return TOO_BIG[String(origin)] ?? 'out_of_range';
  if (code === 'invalid_format') return 'malformed';
  if (input === undefined) return 'missing';
  return code === 'invalid_value' && typeof input === 'string' ? 'unknown' : 'wrong_type';
}
