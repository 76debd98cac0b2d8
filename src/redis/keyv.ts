import { Keyv, type KeyvStoreAdapter } from 'keyv';
import type { SharedRedis } from './client.ts';

/**
 * A keyv of texts in Redis, as they are, without keyv's JSON; they expire in Redis. Its calls reject if
 * Redis fails, and must be made through `run`, which limits their time:
 * `redis.run(() => texts.get(key))`.
 *
 * Not @keyv/valkey or @keyv/redis: they put a prefix of their own before each key, and the latter's
 * client has no time limit for a command that was sent.
 * @param prefix - of the keys in Redis
 */
export function createKeyv({ client }: SharedRedis, prefix: string): Keyv<string> {
  const store: KeyvStoreAdapter = {
    opts: {},
    on: () => store,
    // The type wants any value that its caller names; here they are texts.
    get: async (key: string) => ((await client.get(prefix + key)) ?? undefined) as never,
    async set(key, text: string, ttlMs?: number) {
      if (ttlMs === undefined) await client.set(prefix + key, text);
      else await client.set(prefix + key, text, 'PX', Math.ceil(ttlMs));
    },
    delete: async (key) => (await client.unlink(prefix + key)) > 0,
    clear: () => Promise.reject(new Error('not supported: texts expire')),
  };
  return new Keyv<string>({
    store,
    useKeyPrefix: false,
    throwOnErrors: true,
    serialize: ({ value }) => value as string,
    deserialize: (value) => ({ value: value as never }),
  });
}
