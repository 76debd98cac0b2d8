import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SharedRedis } from '../../redis/client.ts';
import { rethrowUnavailable, type Session } from './session.ts';

const MAX_REVOCATIONS = 100_000;

/** What the provider ends (OpenID Connect Back-Channel Logout 1.0 §2.4): one session, or all of a user. */
export type ProviderLogout = { readonly issuer: string } & (
  | { readonly providerSession: string }
  | { readonly subject: string }
);

interface RevocationOptions {
  /** Shared by all replicas; undefined for a single process. */
  readonly redis: Pick<SharedRedis, 'run'> | undefined;
  /** The longest lifetime of a session. */
  readonly maxAgeMs: number;
  /** Of the keys in Redis. */
  readonly prefix: string;
}

/**
 * Records of sessions that were ended before their time. Each process has those that it has seen; with Redis,
 * all replicas find the provider's when they next read a session.
 */
export function createRevocations({ redis, maxAgeMs, prefix }: RevocationOptions) {
  // The time of each, by its key. With `max`, all of its memory is allocated at once.
  const revoked = new LRUCache<string, number>({
    maxSize: MAX_REVOCATIONS,
    sizeCalculation: () => 1,
    ttl: maxAgeMs,
  });

  const redisKey = (key: string) => prefix + hash('sha256', key, 'base64url');

  return {
    /** Ends one session in this process. */
    revokeSession(id: string): void {
      revoked.set(id, Date.now());
    },

    /** @throws BffError UPSTREAM_UNAVAILABLE if the other replicas can't know of it */
    async revokeAtProvider(logout: ProviderLogout): Promise<void> {
      const key = keyOfLogout(logout);
      const now = Date.now();
      revoked.set(key, now);
      await redis
        ?.run((client) => client.set(redisKey(key), String(now), 'PX', maxAgeMs))
        .catch(rethrowUnavailable);
    },

    /**
     * Asks Redis whether the provider has ended a session.
     * @throws BffError UPSTREAM_UNAVAILABLE
     */
    async load(session: Session): Promise<void> {
      if (!redis) return;
      const keys = providerKeys(session);
      const times = await redis
        .run((client) => Promise.all(keys.map((key) => client.get(redisKey(key)))))
        .catch(rethrowUnavailable);
      keys.forEach((key, n) => {
        const time = Number(times[n] ?? 0);
        // This process may know of a later one that Redis has missed.
        if (time > (revoked.get(key) ?? 0)) revoked.set(key, time);
      });
    },

    /** True if this process knows that the session was ended. */
    isRevoked(session: Session): boolean {
      if (revoked.size === 0) return false;
      if (revoked.has(session.id)) return true;
      return providerKeys(session).some((key) => (revoked.get(key) ?? 0) >= session.createdAt);
    },
  };
}

export type Revocations = ReturnType<typeof createRevocations>;

const providerKeys = ({ issuer, subject, providerSession }: Session): string[] => [
  keyOfLogout({ issuer, subject }),
  ...(providerSession === undefined ? [] : [keyOfLogout({ issuer, providerSession })]),
];

const keyOfLogout = (logout: ProviderLogout): string => {
  const parts =
    'subject' in logout ? ['subject', logout.subject] : ['session', logout.providerSession];
  return JSON.stringify([logout.issuer, ...parts]);
};
