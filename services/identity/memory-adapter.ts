import type { Adapter, AdapterPayload } from 'oidc-provider';

type Entry = { payload: AdapterPayload; expiresAt: number };

const MAX_ENTRIES = 10_000;

/**
 * Creates the store of one provider: sessions, codes, grants and tokens, in memory.
 * The oldest entries are dropped above MAX_ENTRIES.
 */
export function createMemoryAdapter(): (model: string) => Adapter {
  const entries = new Map<string, Entry>();

  function read(key: string): AdapterPayload | undefined {
    const entry = entries.get(key);
    if (!entry) return undefined;
    if (entry.expiresAt > Date.now()) return entry.payload;
    entries.delete(key);
    return undefined;
  }

  return (model) => {
    const prefix = `${model}:`;
    const find = (matches: (payload: AdapterPayload) => boolean) =>
      [...entries].find(([key, { payload }]) => key.startsWith(prefix) && matches(payload))?.[0];

    return {
      async upsert(id, payload, expiresInSeconds) {
        const expiresAt = expiresInSeconds ? Date.now() + expiresInSeconds * 1_000 : Infinity;
        entries.set(prefix + id, { payload, expiresAt });
        const [oldest] = entries.keys();
        if (entries.size > MAX_ENTRIES && oldest) entries.delete(oldest);
      },
      async find(id) {
        return read(prefix + id);
      },
      async findByUid(uid) {
        const key = find((payload) => payload.uid === uid);
        return key === undefined ? undefined : read(key);
      },
      // Of the device flow, which is off.
      async findByUserCode() {
        return undefined;
      },
      async consume(id) {
        const payload = read(prefix + id);
        if (payload) payload.consumed = Math.floor(Date.now() / 1_000);
      },
      async destroy(id) {
        entries.delete(prefix + id);
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) {
          if (payload.grantId === grantId) entries.delete(key);
        }
      },
    };
  };
}
