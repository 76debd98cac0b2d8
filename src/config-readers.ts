import { z } from 'zod';

// How the kinds of environment variables are read, each with words that say what it must be.

const address = (protocol: RegExp, error: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocol.test(new URL(text).protocol), { error })
    .transform((text) => new URL(text));

export const url = address(/^https?:$/, 'must be an http or https address');

export const list = z.string().transform((text) => text.split(',').map((part) => part.trim()));

const SRV = /^srv\+https?:$/;
export const urls = list
  .pipe(z.array(address(/^(srv\+)?https?:$/, 'must be http, https or srv+http(s) addresses')))
  .refine((found) => found.length === 1 || !found.some(({ protocol }) => SRV.test(protocol)), {
    error: 'must be one srv+http(s) address alone, or others separated by commas',
  });

export const secret = z.string().min(32, { error: 'must have at least 32 characters' });

export const megabytes = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'must be a number of megabytes, at most 99999' })
  .transform(Number);

export const port = z
  .string()
  .regex(/^\d{1,5}$/, { error: 'must be a port number, 0 to 65535' })
  .transform(Number)
  .refine((number) => number <= 65_535, { error: 'must be a port number, 0 to 65535' });

export const milliseconds = z
  .string()
  .regex(/^\d{1,6}$/, { error: 'must be a number of milliseconds, at most 999999' })
  .transform(Number);

export const positive = milliseconds.refine((number) => number > 0, {
  error: 'must be at least 1 millisecond',
});
