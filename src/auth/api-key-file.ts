import { hash } from 'node:crypto';
import * as z from 'zod';
import { describeIssue } from '../config/index.ts';
import { isScope } from './claims.ts';

const MAX_KEYS = 10_000;
const MAX_SCOPE_LENGTH = 64;
const MAX_OPERATIONS = 1_000;
const MAX_UNITS = 1_000_000_000;
// A name in GraphQL, or the SHA-256 of a text in hexadecimal.
const OPERATION = /^([_A-Za-z]\w{0,127}|[\da-f]{64})$/;
const PARTNER = /^[a-z\d][a-z\d-]{0,29}$/;
// 43 base64url characters are 32 bytes. An id contains no "_", so the parts are unambiguous.
const KEY = /^fdk_([a-z\d-]{1,40})_([\w-]{43,128})$/;

const STORED_KEY = z.strictObject({
  id: z.string().regex(/^[a-z\d-]{1,40}$/),
  partner: z.string().regex(PARTNER),
  /** SHA-256 of the secret, in hexadecimal. */
  hash: z.string().regex(/^[\da-f]{64}$/),
  scopes: z.array(z.string().max(MAX_SCOPE_LENGTH).refine(isScope)).max(100).readonly(),
  /** Cost units per minute; without it, the partner's keys share the limit of a viewer. */
  unitsPerMinute: z.int().min(1).max(MAX_UNITS).optional(),
  /** Hashes, and names of registered operations; without it, the key may run everything. */
  operations: z.array(z.string().regex(OPERATION)).max(MAX_OPERATIONS).readonly().optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
});

const KEY_FILE = z.strictObject({
  keys: z
    .array(STORED_KEY)
    .max(MAX_KEYS)
    .refine((keys) => new Set(keys.map(({ id }) => id)).size === keys.length, {
      error: 'two keys have the same id',
    }),
});

/** An API key as stored: with the hash of its secret. */
export type StoredKey = z.infer<typeof STORED_KEY>;

/**
 * Parses the API key file.
 * @throws Error with a one-line reason that quotes nothing of the file
 */
export function parseKeyFile(text: string): readonly StoredKey[] {
  const { data, error } = KEY_FILE.safeParse(parseJson(text));
  if (data) return data.keys;
  const [issue] = error.issues;
  throw new Error(issue ? describeIssue(issue) : 'the file is not valid');
}

export const formatKeyFile = (keys: readonly StoredKey[]): string =>
  `${JSON.stringify({ keys }, null, 2)}\n`;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the file is not JSON');
  }
}

export const formatKey = (id: string, secret: string): string => `fdk_${id}_${secret}`;

/** Splits an API key as sent by a client; undefined if it is malformed. */
export function parseKey(key: string): { id: string; secret: string } | undefined {
  const [, id, secret] = KEY.exec(key) ?? [];
  return id && secret ? { id, secret } : undefined;
}

/**
 * Hashes the secret of an API key (SHA-256). Passwords need a slow hash because they can be guessed.
 * A secret has 256 random bits, so a fast hash is as safe, and cheap enough for every request.
 */
export const secretHash = (secret: string): Buffer => hash('sha256', secret, 'buffer');

export const isOperation = (text: string): boolean => OPERATION.test(text);

export const isUnitsPerMinute = (units: number): boolean =>
  Number.isInteger(units) && units >= 1 && units <= MAX_UNITS;

export const isPartnerName = (text: string): boolean => PARTNER.test(text);

export const isExpired = ({ expiresAt }: Pick<StoredKey, 'expiresAt'>, now = Date.now()): boolean =>
  expiresAt !== undefined && Date.parse(expiresAt) <= now;
