import { hkdfSync } from 'node:crypto';
import { base64url, decodeProtectedHeader, EncryptJWT, jwtDecrypt } from 'jose';
import type { LoginConfig } from '../../config/index.ts';

/** Encrypts values that leave this process, and decrypts those that come back. */
export interface Sealer<T> {
  readonly seal: (value: T, maxAgeMs: number) => Promise<string>;
  /** @returns undefined for a text that is expired, changed, or sealed with another key, for another purpose or client */
  readonly open: (text: string) => Promise<T | undefined>;
}

/** The first secret seals; all of them open. */
export type SealerConfig = Pick<LoginConfig, 'sessionSecrets' | 'clientId' | 'publicUrl'>;

/** Encryption with a shared key, by an algorithm that also detects changes (RFC 7518 §4.5 and §5.3). */
const ALGORITHMS = { alg: 'dir', enc: 'A256GCM' } as const;
const KEY_BYTES = 32;
const KEY_ID_BYTES = 6;

/**
 * Creates a sealer of values as encrypted JWTs (RFC 7516). Each secret, purpose and client has a key of its own
 * (HKDF, RFC 5869), so that a text sealed for one purpose or one BFF is not accepted for another.
 */
export function createSealer<T extends object>(
  { sessionSecrets, clientId, publicUrl }: SealerConfig,
  purpose: string,
): Sealer<T> {
  const context = JSON.stringify([purpose, clientId, publicUrl.origin]);
  const keys = sessionSecrets.map((secret) => ({
    id: base64url.encode(derive(secret, `${context} key id`, KEY_ID_BYTES)),
    key: derive(secret, `${context} key`, KEY_BYTES),
  }));
  const [first] = keys as [(typeof keys)[number]];

  return {
    seal: (value, maxAgeMs) =>
      new EncryptJWT({ value })
        .setProtectedHeader({ ...ALGORITHMS, kid: first.id })
        .setExpirationTime(new Date(Date.now() + maxAgeMs))
        .encrypt(first.key),
    async open(text) {
      try {
        const { kid } = decodeProtectedHeader(text);
        const key = keys.find(({ id }) => id === kid)?.key;
        if (!key) return undefined;
        const { payload } = await jwtDecrypt(text, key, {
          keyManagementAlgorithms: [ALGORITHMS.alg],
          contentEncryptionAlgorithms: [ALGORITHMS.enc],
        });
        return payload.value as T;
      } catch {
        return undefined;
      }
    },
  };
}

const derive = (secret: string, context: string, bytes: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `frontdesk ${context}`, bytes));
