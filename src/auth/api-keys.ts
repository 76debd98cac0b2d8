import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setInterval as every } from 'node:timers/promises';
import { ConfigError } from '../config/index.ts';
import { unauthenticated } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { PartnerViewer } from '../viewer.ts';
import { isExpired, parseKey, parseKeyFile, type StoredKey, secretHash } from './api-key-file.ts';

const POLL_INTERVAL_MS = 5_000;
/** Compared with keys whose id is unknown, so that an unknown id takes as long as a wrong secret. */
const UNKNOWN_KEY_HASH = Buffer.alloc(32);

interface LoadedKey extends Pick<StoredKey, 'expiresAt'> {
  readonly digest: Buffer;
  readonly viewer: PartnerViewer;
}

/**
 * Creates a reader of API keys that reloads the key file when it changes, so that keys are added and
 * revoked while the server runs. If the file becomes invalid or disappears, the loaded keys stay
 * valid and an error is logged.
 * @param pollMs - interval between checks of the file
 * @throws ConfigError if the file is missing or invalid at startup
 */
export function createApiKeyReader(path: string, log: Log, pollMs = POLL_INTERVAL_MS) {
  let keys = loadApiKeys(path);
  const closing = new AbortController();

  async function pollFile(): Promise<void> {
    let seen: string | undefined;
    for await (const _ of every(pollMs, undefined, { ref: false, signal: closing.signal })) {
      const version = await fileVersion(path);
      if (version === seen) continue;
      // Read before the content: a change in between is found by the next poll.
      seen = version;
      try {
        keys = indexKeys(await readFile(path, 'utf8'));
      } catch (error) {
        log.error(
          { reason: (error as Error).message },
          'API_KEYS_PATH: the file could not be loaded, the known keys stay valid',
        );
      }
    }
  }
  // The AbortError of close() ends it.
  pollFile().catch(() => {});

  return {
    /** @throws BffError UNAUTHENTICATED */
    readViewer(key: string): PartnerViewer {
      const { id, secret } = parseKey(key) ?? { id: '', secret: key };
      const known = keys.get(id);
      const isRight = timingSafeEqual(secretHash(secret), known?.digest ?? UNKNOWN_KEY_HASH);
      if (!known || !isRight) throw unauthenticated('The API key is not valid.');
      if (isExpired(known)) throw unauthenticated('The API key has expired: request a new one.');
      return { ...known.viewer };
    },
    close: () => closing.abort(),
  };
}

/** @throws ConfigError if the file is missing or invalid */
export function loadApiKeys(path: string): ReadonlyMap<string, LoadedKey> {
  try {
    return indexKeys(readFileSync(path, 'utf8'));
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const reason = code ? `there is no readable file at "${path}"` : `"${path}": ${message}`;
    throw new ConfigError([`API_KEYS_PATH: ${reason}`]);
  }
}

const indexKeys = (text: string): ReadonlyMap<string, LoadedKey> =>
  new Map(
    parseKeyFile(text).map((key) => {
      const digest = Buffer.from(key.hash, 'hex');
      return [key.id, { digest, expiresAt: key.expiresAt, viewer: toPartnerViewer(key) }];
    }),
  );

function toPartnerViewer(key: StoredKey): PartnerViewer {
  const { id: keyId, partner, scopes, unitsPerMinute, operations } = key;
  return {
    role: 'partner',
    partner,
    scopes,
    ...(unitsPerMinute !== undefined && { keyLimit: { keyId, unitsPerMinute } }),
    ...(operations && { operations: new Set(operations) }),
  };
}

/** Changes when the file is replaced or written; the times alone may be too coarse. */
async function fileVersion(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join();
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
