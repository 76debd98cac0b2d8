import DataLoader from 'dataloader';

/**
 * One key, one value, for the life of a request. It gathers nothing: the upstream's batcher does,
 * over all requests.
 */
export const createMemo = <K, V>(
  load: (key: K) => Promise<V>,
  nameOf: (key: K) => string,
): DataLoader<K, V, string> =>
  new DataLoader<K, V, string>(
    (keys) => Promise.all(keys.map((key) => load(key).catch((error: Error) => error))),
    { batch: false, batchScheduleFn: queueMicrotask, cacheKeyFn: nameOf },
  );

/** The first page of one user's list. */
export interface FirstPageKey {
  readonly user: string;
  readonly first: number;
  readonly status?: string | undefined;
}

export const firstPageCacheKey = ({ user, first, status }: FirstPageKey): string =>
  `${first} ${status ?? ''} ${user}`;
