import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setInterval as every } from 'node:timers/promises';
import { ConfigError } from '../config.ts';
import type { PartnerViewer } from '../context.ts';
import type { Log } from '../telemetry/log.ts';
import { unauthenticated } from './claims.ts';
import { hashOf, isExpired, parseKey, parseKeyFile, type StoredKey } from './key-file.ts';

const POLL_MS = 5_000;
/** What a key is compared with whose id is not known, so that both take the same time. */
const NOBODYS_HASH = Buffer.alloc(32);

interface KnownKey extends StoredKey {
  readonly digest: Buffer;
}

/**
 * Reads API keys, with the file as it is now: it is looked at every few seconds, and what is no
 * longer in it is no longer taken. A file that is broken or gone is logged, and the keys stay.
 * @param pollMs - how often the file is looked at
 * @throws ConfigError if there is no such file at the start, or a wrong one
 */
export function createKeyReader(path: string, log: Log, pollMs = POLL_MS) {
  let keys = loadKeys(path);
  const end = new AbortController();

  async function follow(): Promise<void> {
    let seen: string | undefined;
    for await (const _ of every(pollMs, undefined, { ref: false, signal: end.signal })) {
      const stamp = await stampOf(path);
      if (stamp === seen) continue;
      // Taken before the file is read: what changes meanwhile is read the next time.
      seen = stamp;
      try {
        keys = toIndex(await readFile(path, 'utf8'));
      } catch (error) {
        log.error(
          { reason: (error as Error).message },
          'API_KEYS_PATH: the keys stay as they were',
        );
      }
    }
  }
  // It ends with an AbortError.
  follow().catch(() => {});

  return {
    /** @throws BffError UNAUTHENTICATED */
    viewerOf(key: string): PartnerViewer {
      const { id, secret } = parseKey(key) ?? { id: '', secret: key };
      const known = keys.get(id);
      const isRight = timingSafeEqual(hashOf(secret), known?.digest ?? NOBODYS_HASH);
      if (!known || !isRight) throw unauthenticated('The API key is not valid.');
      if (isExpired(known)) throw unauthenticated('The API key has expired: ask for a new one.');
      return { role: 'partner', partner: known.partner, scopes: known.scopes };
    },
    close: () => end.abort(),
  };
}

/** @throws ConfigError if there is no such file, or it is not valid */
export function loadKeys(path: string): ReadonlyMap<string, KnownKey> {
  try {
    return toIndex(readFileSync(path, 'utf8'));
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const reason = code ? `there is no file to read at "${path}"` : `"${path}": ${message}`;
    throw new ConfigError([`API_KEYS_PATH: ${reason}`]);
  }
}

const toIndex = (text: string): ReadonlyMap<string, KnownKey> =>
  new Map(
    parseKeyFile(text).map((key) => [key.id, { ...key, digest: Buffer.from(key.hash, 'hex') }]),
  );

/** Is another one for another file, or other content; a time alone may be too coarse. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join();
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
