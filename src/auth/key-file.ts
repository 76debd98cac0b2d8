import { hash } from 'node:crypto';
import { z } from 'zod';
import { describeIssue } from '../config.ts';
import { isScope } from './claims.ts';

const MOST_KEYS = 10_000;
const LONGEST_SCOPE = 64;
const PARTNER = /^[a-z\d][a-z\d-]{0,29}$/;
// At least 32 bytes, and no more than what anyone would make; an id has no "_", so the parts are clear.
const KEY = /^fdk_([a-z\d-]{1,40})_([\w-]{43,128})$/;

const STORED_KEY = z.strictObject({
  id: z.string().regex(/^[a-z\d-]{1,40}$/),
  partner: z.string().regex(PARTNER),
  /** SHA-256 of the secret, in hexadecimal. */
  hash: z.string().regex(/^[\da-f]{64}$/),
  scopes: z.array(z.string().max(LONGEST_SCOPE).refine(isScope)).max(100).readonly(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
});

const KEY_FILE = z.strictObject({
  keys: z
    .array(STORED_KEY)
    .max(MOST_KEYS)
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, {
      error: 'two keys have the same id',
    }),
});

/** An API key as it is kept: all of it but its secret. */
export type StoredKey = z.infer<typeof STORED_KEY>;

/**
 * Reads the file of API keys.
 * @throws Error that says in one line what is wrong, and shows nothing of the file
 */
export function parseKeyFile(text: string): readonly StoredKey[] {
  const { data, error } = KEY_FILE.safeParse(toJson(text));
  if (data) return data.keys;
  const [issue] = error.issues;
  throw new Error(issue ? describeIssue(issue) : 'the file is not valid');
}

export const formatKeyFile = (keys: readonly StoredKey[]): string =>
  `${JSON.stringify({ keys }, null, 2)}\n`;

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the file is not JSON');
  }
}

export const formatKey = (id: string, secret: string): string => `fdk_${id}_${secret}`;

/** The parts of a key as a client sends it; undefined for what is none. */
export function parseKey(key: string): { id: string; secret: string } | undefined {
  const [, id, secret] = KEY.exec(key) ?? [];
  return id && secret ? { id, secret } : undefined;
}

/**
 * What is kept of a secret. A password would need a slow hash, because it can be guessed; these are
 * 256 random bits, which can't, so that a fast hash is as safe and every request can afford it.
 */
export const hashOf = (secret: string): Buffer => hash('sha256', secret, 'buffer');

export const isPartner = (text: string): boolean => PARTNER.test(text);

export const isExpired = ({ expiresAt }: Pick<StoredKey, 'expiresAt'>, now = Date.now()): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now;
